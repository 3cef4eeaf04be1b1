/**
 * The crossing between the two planes: orders hop to the data loop, edges hop to the actors. The
 * only place where both are in sight.
 */
@NullMarked
package io.onehop.node.plane;

import org.jspecify.annotations.NullMarked;
