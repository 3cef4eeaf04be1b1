/**
 * The words of the protocol as values: views, members, states, policies. Immutable, no behaviour
 * that needs a clock, a thread or a file. Every other package speaks in these types.
 */
@NullMarked
package io.onehop.protocol.model;

import org.jspecify.annotations.NullMarked;
