/**
 * A leg's disk with faults, for tests: a decorator behind {@link io.onehop.node.store.LegDisk},
 * used by unit tests, the simulator, and real nodes whose configuration names a folder of fault
 * files. Never in the way otherwise.
 */
@NullMarked
package io.onehop.node.store.fault;

import org.jspecify.annotations.NullMarked;
