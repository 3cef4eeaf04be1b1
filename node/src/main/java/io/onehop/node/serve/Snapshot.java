package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.MediaErrors;
import io.onehop.node.books.Misses;
import io.onehop.node.leg.LegFigures;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.resync.Healer;
import io.onehop.node.resync.PeerLinks;
import io.onehop.node.store.Superblock;

/** What a leg's parts say of it, put together. On the data loop. */
final class Snapshot {
  private Snapshot() {}

  static LegStatus of(
      LegBooks books,
      PeerLinks links,
      ClientLinks clients,
      Healer healer,
      PeerServing peers,
      MediaErrors media,
      DemandReads demand,
      boolean cleanBefore) {
    Superblock sb = books.disk.superblock();
    return new LegStatus(
        books.incarnation,
        books.generation(),
        books.missingBlocks(),
        links.alive(),
        clients.heardSession(),
        clients.heardEpoch(),
        clients.heardAt(),
        0,
        healer.rate(),
        healer.missed(),
        healer.copied(),
        healer.tookNanos(),
        cleanBefore,
        sb.lostPower(),
        sb.missesEverything(),
        Misses.most(books),
        healer.healedElsewhere(),
        peers.servedBytes(),
        new LegFigures(
            Misses.byMember(books),
            media.errors(),
            books.disk.unreadable().size(),
            demand.taken(),
            demand.refused(),
            clients.writerHears()));
  }
}
