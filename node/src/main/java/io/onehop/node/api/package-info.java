/**
 * The operator's HTTP + JSON API of a node. Reads snapshots, never waits for a peer to show one.
 */
@NullMarked
package io.onehop.node.api;

import org.jspecify.annotations.NullMarked;
