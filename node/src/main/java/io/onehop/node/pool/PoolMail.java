package io.onehop.node.pool;

/**
 * A {@link PoolMessage} on its way to the {@link PoolActor} of its pool on another node.
 *
 * @param message what is said
 */
public record PoolMail(PoolMessage message) implements PoolActor.Command {}
