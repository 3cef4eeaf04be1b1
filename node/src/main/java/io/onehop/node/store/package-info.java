/**
 * What a leg keeps on its disk: data behind a label, superblock, votes, unconfirmed log, block
 * sets. One process opens a store. No Pekko, no protocol decisions: those are in {@code node.serve}
 * and {@code node.resync}.
 */
@NullMarked
package io.onehop.node.store;

import org.jspecify.annotations.NullMarked;
