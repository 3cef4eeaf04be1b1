/**
 * The view register of a pool (CASPaxos acceptor and proposer) and the machine that decides view
 * changes, with their actors. The only part of a node that changes a view.
 */
@NullMarked
package io.onehop.node.pool;

import org.jspecify.annotations.NullMarked;
