/**
 * A network in memory for the simulator and for tests: the same frames, byte for byte, with delays,
 * cuts, kills and pauses decided by a {@link io.onehop.transport.memory.LinkPolicy}. Deterministic:
 * no thread, no clock but the loops', no random source.
 */
@NullMarked
package io.onehop.transport.memory;

import org.jspecify.annotations.NullMarked;
