/**
 * The pools of one node as a set: their folders, creation and deletion together with the other
 * nodes (rule 1.9), the actor that owns it all.
 */
@NullMarked
package io.onehop.node.pools;

import org.jspecify.annotations.NullMarked;
