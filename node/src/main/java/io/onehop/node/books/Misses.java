package io.onehop.node.books;

import io.onehop.node.store.BlockSet;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import java.util.List;

/** Who misses how much, by a leg's books; for people. On the leg's thread. */
public final class Misses {
  private Misses() {}

  /** Blocks that each stale member misses by this leg's map, by index; 0 for the others. */
  public static List<Long> byMember(LegBooks books) {
    PoolView v = books.view();
    if (v == null) {
      return List.of();
    }
    Long[] misses = new Long[v.members().size()];
    for (int i = 0; i < misses.length; i++) {
      Member m = v.members().get(i);
      boolean stale = m.isLeg() && m.state() == LegState.STALE && !m.id().equals(books.member);
      misses[i] = stale ? books.disk.missMap(m.id()).size() : 0L;
    }
    return List.of(misses);
  }

  /** Blocks that the absent leg misses; of several, the most. */
  public static long most(LegBooks books) {
    long most = 0;
    for (BlockSet map : books.staleMaps) {
      most = Math.max(most, map.size());
    }
    return most;
  }
}
