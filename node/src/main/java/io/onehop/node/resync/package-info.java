/**
 * Coming back, one hop, leg to leg: links to peers, the healing of a syncing leg, the authority's
 * reconciliation, and comparison. On the leg's data thread; ordered by the recovery actor.
 */
@NullMarked
package io.onehop.node.resync;

import org.jspecify.annotations.NullMarked;
