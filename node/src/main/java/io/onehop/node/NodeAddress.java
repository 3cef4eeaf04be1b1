package io.onehop.node;

import io.onehop.protocol.model.Endpoint;

/**
 * A storage node as the configuration names it.
 *
 * @param name unique in the cluster; also the member's name in its pools
 * @param control where its actors are reached
 * @param data where clients and peers reach its data plane
 * @param api where its HTTP API is reached
 */
public record NodeAddress(String name, Endpoint control, Endpoint data, Endpoint api) {}
