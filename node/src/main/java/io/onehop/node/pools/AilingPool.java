package io.onehop.node.pools;

/**
 * A pool of this node whose disk cannot be opened because it is not this member's (rule 1.2).
 *
 * @param shape what it should be
 * @param why one line for the operator
 */
public record AilingPool(PoolShape shape, String why) {}
