package io.onehop.protocol.wire;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import io.onehop.protocol.model.Writer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * {@link PoolView} as bytes: payload of VIEW frames, part of control messages, votes on disk. Equal
 * views have equal bytes (a member's reason beyond {@link #MAX_REASON} bytes is cut off).
 */
public final class ViewCodec {
  /** Newest layout version; a view is written in the oldest one that has all it needs. */
  public static final int VERSION = 3;

  private static final int PLAIN = 1;
  private static final int FORKABLE = 2;

  /** Longest names and hosts, bytes of UTF-8. */
  public static final int MAX_NAME = 255;

  /** Longest reason of a member, bytes of UTF-8. */
  public static final int MAX_REASON = 255;

  /** No view is longer. */
  public static final int MAX_BYTES = 32 * 1024;

  private static final int READY = 0;
  private static final int RECONCILING = 1;

  private ViewCodec() {}

  /** The view's bytes, in an array of their own. */
  public static byte[] encode(PoolView view) {
    ByteBuffer out = ByteBuffer.allocate(MAX_BYTES);
    encode(view, out);
    return Arrays.copyOf(out.array(), out.position());
  }

  /**
   * Appends at {@code into}'s position; it must have {@link #MAX_BYTES} of room.
   *
   * @throws IllegalArgumentException if a name is longer than {@link #MAX_NAME}
   */
  public static void encode(PoolView view, ByteBuffer into) {
    try (WireWriter out = new WireWriter(into)) {
      int version = version(view);
      out.u16(version)
          .uuid(view.pool())
          .text(view.name(), MAX_NAME, "pool name")
          .i64(view.sizeBytes())
          .i32(view.blockSize())
          .uuid(view.lineage())
          .i64(view.generation())
          .i64(view.epoch());
      writer(out, view.writer());
      lastSession(out, view.lastSession());
      switch (view.phase()) {
        case Phase.Ready _ -> out.u8(READY).u8(0);
        case Phase.Reconciling(int authority) -> out.u8(RECONCILING).u8(authority);
      }
      policies(out, view.policies());
      out.u8(view.members().size());
      for (Member member : view.members()) {
        member(out, member);
      }
      if (version > PLAIN) {
        UUID parent = view.parent();
        out.bool(parent != null);
        if (parent != null) {
          out.uuid(parent);
        }
      }
      if (version > FORKABLE) {
        out.u8(view.ancestors().size());
        view.ancestors().forEach(out::uuid);
      }
    }
  }

  private static int version(PoolView view) {
    if (!view.ancestors().isEmpty()) {
      return VERSION;
    }
    return view.parent() == null && view.voters() == view.members().size() ? PLAIN : FORKABLE;
  }

  private static void writer(WireWriter out, @Nullable Writer w) {
    out.bool(w != null);
    if (w != null) {
      out.uuid(w.session()).i64(w.epoch()).text(w.host(), MAX_NAME, "writer's host");
      out.i64(w.pid()).i64(w.sinceEpochMillis());
    }
  }

  private static void lastSession(WireWriter out, @Nullable LastSession s) {
    out.bool(s != null);
    if (s != null) {
      out.uuid(s.id()).bool(s.closed()).bool(s.resumable());
    }
  }

  private static void policies(WireWriter out, Policies p) {
    out.bool(p.errorOnNoQuorum())
        .bool(p.coldStartWaitsForAll())
        .i64(p.coldStartGraceNanos())
        .i64(p.resyncMinRate())
        .i64(p.resyncMaxRate())
        .i64(p.heartbeatNanos())
        .i64(p.failureNanos())
        .i64(p.deadlineNanos())
        .i64(p.deadNanos())
        .i64(p.leaseNanos())
        .i32(p.window());
  }

  private static void member(WireWriter out, Member m) {
    out.uuid(m.id())
        .text(m.node(), MAX_NAME, "node name")
        .ordinal(m.role())
        .text(m.data().host(), MAX_NAME, "member's host")
        .u16(m.data().port())
        .ordinal(m.state())
        .i64(m.incarnation())
        .i64(m.since())
        .i64(m.inSyncSince())
        .remark(m.reason(), MAX_REASON);
  }

  /** The view in {@code bytes}, all of them. */
  public static PoolView decode(byte[] bytes) throws WireException {
    return decode(ByteBuffer.wrap(bytes));
  }

  /**
   * The view between position and limit, which both stay.
   *
   * @throws WireException for an unknown layout version, a field out of range, missing or left-over
   *     bytes, or a view that breaks rule 1.4
   */
  public static PoolView decode(ByteBuffer from) throws WireException {
    WireReader in = new WireReader("view", from);
    int version = in.version(PLAIN, VERSION);
    try {
      UUID pool = in.uuid("pool");
      String name = in.text(MAX_NAME, "pool name");
      long size = in.i64("size");
      int blockSize = in.i32("block size");
      UUID lineage = in.uuid("lineage");
      long generation = in.i64("generation");
      long epoch = in.i64("epoch");
      Writer writer = writer(in);
      LastSession last = lastSession(in);
      int phase = in.u8("phase");
      int authority = in.u8("authority");
      Policies policies = policies(in);
      List<Member> members = members(in, version);
      UUID parent = version != PLAIN && in.bool("parent") ? in.uuid("parent") : null;
      List<UUID> ancestors = ancestors(in, version, parent);
      in.end();
      return new PoolView(
          pool,
          name,
          size,
          blockSize,
          lineage,
          generation,
          members,
          epoch,
          writer,
          last,
          phase(in, phase, authority, members.size()),
          policies,
          parent,
          ancestors);
    } catch (IllegalArgumentException e) {
      // From the constructors of the model, which check ranges.
      throw new WireException("view: " + e.getMessage());
    }
  }

  private static List<UUID> ancestors(WireReader in, int version, @Nullable UUID parent)
      throws WireException {
    if (version <= FORKABLE) {
      return parent == null ? List.of() : List.of(parent);
    }
    List<UUID> ancestors = new ArrayList<>();
    for (int left = in.u8("number of ancestors"); left > 0; left--) {
      ancestors.add(in.uuid("ancestor"));
    }
    return ancestors;
  }

  private static Phase phase(WireReader in, int code, int authority, int members)
      throws WireException {
    if (code == READY && authority == 0) {
      return new Phase.Ready();
    }
    if (code == RECONCILING && authority < members) {
      return new Phase.Reconciling(authority);
    }
    throw in.bad("phase", "is " + code + " with authority " + authority);
  }

  private static @Nullable Writer writer(WireReader in) throws WireException {
    if (!in.bool("writer")) {
      return null;
    }
    UUID session = in.uuid("writer's session");
    long epoch = in.i64("writer's epoch");
    String host = in.text(MAX_NAME, "writer's host");
    long pid = in.i64("writer's pid");
    return new Writer(session, epoch, host, pid, in.i64("writer's start"));
  }

  private static @Nullable LastSession lastSession(WireReader in) throws WireException {
    if (!in.bool("last session")) {
      return null;
    }
    UUID id = in.uuid("last session");
    boolean closed = in.bool("last session closed");
    return new LastSession(id, closed, in.bool("last session resumable"));
  }

  private static Policies policies(WireReader in) throws WireException {
    boolean errorOnNoQuorum = in.bool("error on no quorum");
    boolean waitForAll = in.bool("cold start waits for all");
    long grace = in.i64("cold start grace");
    long minRate = in.i64("resync min rate");
    long maxRate = in.i64("resync max rate");
    long heartbeat = in.i64("heartbeat");
    long failure = in.i64("failure time");
    long deadline = in.i64("deadline");
    long dead = in.i64("dead time");
    long lease = in.i64("lease");
    return new Policies(
        errorOnNoQuorum,
        waitForAll,
        grace,
        minRate,
        maxRate,
        heartbeat,
        failure,
        deadline,
        dead,
        lease,
        in.i32("window"));
  }

  private static List<Member> members(WireReader in, int version) throws WireException {
    int count = in.u8("member count");
    if (count > PoolView.MAX_MEMBERS) {
      throw in.bad("member count", "is " + count);
    }
    List<Member> members = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Member m = member(in);
      if (version == PLAIN && m.state() == LegState.OUT) {
        throw in.bad("state", "is none of layout version " + PLAIN);
      }
      members.add(m);
    }
    return members;
  }

  private static Member member(WireReader in) throws WireException {
    UUID id = in.uuid("member");
    String node = in.text(MAX_NAME, "node name");
    Role role = in.ordinal(Role.values(), "role");
    String host = in.text(MAX_NAME, "member's host");
    Endpoint data = new Endpoint(host, in.u16("member's port"));
    LegState state = in.ordinal(LegState.values(), "state");
    long incarnation = in.i64("incarnation");
    long since = in.i64("since");
    long inSyncSince = in.i64("in sync since");
    String reason = in.text(MAX_REASON, "reason");
    return new Member(id, node, role, data, state, incarnation, since, inSyncSince, reason);
  }
}
