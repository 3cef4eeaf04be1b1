package io.onehop.node.pools;

/**
 * A {@link NodeMessage} on its way to a node's {@link PoolsActor}.
 *
 * @param message what is said
 */
public record NodeMail(NodeMessage message) implements PoolsActor.Command {}
