/**
 * The order of steps by which a leg heals and by which an authority makes the in-sync legs equal.
 * Pure; the bits and blocks themselves travel on the data plane.
 */
@NullMarked
package io.onehop.node.recovery;

import org.jspecify.annotations.NullMarked;
