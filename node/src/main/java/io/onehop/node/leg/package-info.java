/**
 * A leg as the control plane sees it: the orders it gives to the data plane, the edges it hears,
 * the leg's machine and its actor.
 */
@NullMarked
package io.onehop.node.leg;

import org.jspecify.annotations.NullMarked;
