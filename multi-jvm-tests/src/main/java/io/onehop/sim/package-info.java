/**
 * The deterministic simulator: the real rules of client, legs and control plane over a simulated
 * clock, network, disk and processes. One seed is one story; the same seed tells the same story.
 * Invariants (PROTOCOL §9, power loss apart) are checked after every event, and when faults stop
 * the pool must become quiet with byte-identical legs.
 */
@NullMarked
package io.onehop.sim;

import org.jspecify.annotations.NullMarked;
