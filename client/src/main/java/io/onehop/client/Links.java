package io.onehop.client;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.HelloCodec;
import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All lanes of the session: to the configured servers first, then to every member of the view. */
final class Links {
  private final VolumeEngine e;
  private final List<Link> servers = new ArrayList<>();
  private final @Nullable Link[] links = new Link[PoolView.MAX_MEMBERS];

  /** Mask of greeted members. */
  int ready;

  /**
   * Mask of legs of the write set whose connection is bound to the incarnation that the view names.
   */
  int usable;

  private long connections;

  Links(VolumeEngine e) {
    this.e = e;
  }

  void start() {
    for (Endpoint to : e.settings.servers()) {
      Link l = new Link(e, -1, to);
      servers.add(l);
      l.open();
    }
  }

  /**
   * Rule 3.4: numbers of a lane's connections grow over the session, whichever link makes them; a
   * member that moves, or was a server before the view was known, gets a new link.
   */
  long nextConnection() {
    return ++connections;
  }

  /** Begins the conversation on a new connection of {@code l}. */
  void hello(Link l, Connection c) {
    PoolView v = e.views.view;
    Hello hello =
        new Hello(
            Hello.SenderRole.CLIENT,
            e.settings.pool(),
            v == null ? Hello.ANY : v.pool(),
            v == null ? Hello.ANY : v.lineage(),
            e.settings.session(),
            0,
            0,
            nextConnection(),
            e.settings.host(),
            e.settings.pid());
    Buf b = e.buffers.take(HelloCodec.MAX_BYTES);
    ByteBuffer out = b.view(0, HelloCodec.MAX_BYTES);
    HelloCodec.encode(hello, out);
    int length = out.position();
    b.done(out);
    c.send(l.head(FrameType.HELLO), b, 0, length);
    b.release();
  }

  /** The link to a member; there is one as soon as a view names it. */
  Link at(int member) {
    Link l = links[member];
    if (l == null) {
      throw new IllegalStateException("no link to member " + member);
    }
    return l;
  }

  /** A new view was taken: connect to every member, tell the legs, send what they lack. */
  void onView(PoolView v, @Nullable PoolView old, int voided) {
    closeServers("the view is known");
    for (int i = 0; i < links.length; i++) {
      Link l = links[i];
      // One that is kept out speaks for another lineage.
      boolean member = i < v.members().size() && v.isVoter(i);
      Member m = member ? v.members().get(i) : null;
      Member was = old != null && i < old.members().size() ? old.members().get(i) : null;
      boolean same = l != null && m != null && was != null && was.id().equals(m.id());
      if (l != null && (!same || (m != null && !l.to.equals(m.data())))) {
        links[i] = null;
        l.close("not a member any more");
        l = null;
      }
      if (l == null && m != null) {
        l = new Link(e, i, m.data());
        links[i] = l;
        l.open();
      }
    }
    usable &= ~voided;
    changed();
  }

  /** A link became ready, or the view names other incarnations: work out who can be used now. */
  void changed() {
    int nowReady = 0;
    int nowUsable = 0;
    for (int i = 0; i < e.views.members; i++) {
      Link l = links[i];
      if (l != null && l.ready) {
        nowReady |= 1 << i;
        if ((e.views.writeSet & 1 << i) != 0 && l.incarnation == e.views.incarnation[i]) {
          nowUsable |= 1 << i;
        }
      }
    }
    ready = nowReady;
    int fresh = nowUsable & ~usable;
    usable = nowUsable;
    if (!e.session.attached()) {
      return;
    }
    for (int m = usable; m != 0; m &= m - 1) {
      at(Integer.numberOfTrailingZeros(m)).ensureView();
    }
    for (int m = fresh; m != 0; m &= m - 1) {
      Link l = at(Integer.numberOfTrailingZeros(m));
      l.freshSince = e.loop.now();
      e.suspects.connected(l.index);
      e.writes.resend(l, true);
      e.flushes.resend(l);
    }
    for (int m = ready & e.views.writeSet & ~usable; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      e.suspects.raise(i, Suspects.LINK, "runs with another incarnation than the view names");
    }
    if (fresh != 0) {
      e.reads.unpark();
    }
  }

  void lost(Link l, String why) {
    if (l.index < 0) {
      if (servers.contains(l)) {
        e.session.problem(l.to + ": " + why);
      }
      return;
    }
    if (links[l.index] != l) {
      return;
    }
    ready &= ~l.bit();
    usable &= ~l.bit();
    if (e.session.attached()) {
      e.suspects.raise(l.index, Suspects.LINK, why);
      e.reads.lost(l.index);
    }
    e.session.linkLost(l.index);
  }

  void tick(long now) {
    for (int i = 0; i < servers.size(); i++) {
      servers.get(i).tick(now);
    }
    for (int i = 0; i < e.views.members; i++) {
      Link l = links[i];
      if (l == null) {
        continue;
      }
      l.tick(now);
      if (l.againLater && now >= l.againFrom && (usable & l.bit()) != 0) {
        l.againLater = false;
        e.writes.resend(l, false);
        e.flushes.resend(l);
      }
    }
  }

  /** A request found no credit at any of {@code legs} (mask): it waits for their answers. */
  void deny(int legs) {
    e.tally.creditWaits++;
    for (int m = legs; m != 0; m &= m - 1) {
      at(Integer.numberOfTrailingZeros(m)).credits.denied = true;
    }
  }

  /** Requests were answered at a leg that had turned others away. */
  void creditsCame(Link l) {
    l.credits.denied = false;
    e.flushes.creditsCame(l);
    e.writes.creditsCame(l);
    e.reads.creditsCame();
  }

  /** Whether every member was reached, or could not be. */
  boolean sounded() {
    for (Link l : links) {
      if (l != null && !l.sounded) {
        return false;
      }
    }
    return true;
  }

  /** Legs in sync that speak for another lineage, as a mask. */
  int foreign() {
    int mask = 0;
    for (int m = e.views.inSync; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      Link l = links[i];
      mask |= l != null && l.foreign ? 1 << i : 0;
    }
    return mask;
  }

  /** Legs in sync to ask for the session, as a mask: those heard lately, or all if none was. */
  int askable() {
    long since = e.loop.now() - 2 * e.views.policies.heartbeatNanos();
    int heard = 0;
    for (int m = e.views.inSync & ready; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      heard |= at(i).heardAt() - since >= 0 ? 1 << i : 0;
    }
    return heard == 0 ? e.views.inSync & ready : heard;
  }

  /** A heartbeat on every lane now, for instance to get the lease at once. */
  void heartbeatAll() {
    for (int m = ready; m != 0; m &= m - 1) {
      at(Integer.numberOfTrailingZeros(m)).heartbeat();
    }
  }

  /** What they say when they close is no news. */
  private void closeServers(String why) {
    List<Link> closing = List.copyOf(servers);
    servers.clear();
    for (Link l : closing) {
      l.close(why);
    }
  }

  void closeAll(String why) {
    closeServers(why);
    for (int i = 0; i < links.length; i++) {
      Link l = links[i];
      if (l != null) {
        links[i] = null;
        l.close(why);
      }
    }
    ready = 0;
    usable = 0;
  }
}
