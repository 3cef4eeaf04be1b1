package io.onehop.node.pools;

import io.onehop.node.pools.NodeMessage.Order.Kind;
import org.jspecify.annotations.Nullable;

/**
 * An operator's order about one member of a pool.
 *
 * @param kind what is wanted
 * @param pool the pool's name
 * @param node of the member that it is about
 * @param device for a new disk: device or file to use, absolute, or null
 * @param sure the operator accepts what it costs
 * @param force a device that bears something may be overwritten
 */
public record OrderRequest(
    Kind kind, String pool, String node, @Nullable String device, boolean sure, boolean force) {}
