package io.onehop.node.pools;

/**
 * Where a leg's raw data lies, for the operator.
 *
 * @param node the node
 * @param path absolute path of the file or device on that node
 * @param dataOffset first byte of the raw data in it
 */
public record StorePlace(String node, String path, long dataOffset) {}
