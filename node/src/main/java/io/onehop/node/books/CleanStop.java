package io.onehop.node.books;

import io.onehop.node.store.LegDisk;
import io.onehop.node.store.Superblock;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import java.io.IOException;

/** What an orderly stop leaves behind (rule 8.3). */
final class CleanStop {
  private static final int BLOCK = PoolView.BLOCK_SIZE;

  private CleanStop() {}

  /** Makes everything that the next run is going to trust durable, then says so. */
  static void mark(LegBooks books) throws IOException {
    LegDisk disk = books.disk;
    disk.unconfirmed()
        .visit((e, s, offset, length) ->
            disk.carried().add(offset / BLOCK, (offset + length) / BLOCK));
    disk.carried().force();
    disk.ownMissing().force();
    disk.unreadable().force();
    PoolView v = books.view();
    if (v != null) {
      for (Member m : v.members()) {
        if (m.isLeg() && m.state() != LegState.IN_SYNC && !m.id().equals(books.member)) {
          disk.missMap(m.id()).force();
        }
      }
    }
    Superblock sb = disk.superblock();
    disk.save(sb.run(sb.incarnation(), sb.bootId(), true, sb.lostPower(), sb.missesEverything()));
  }
}
