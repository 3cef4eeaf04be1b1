package io.onehop.sim;

import io.onehop.node.leg.LegOrder;
import io.onehop.node.pool.PoolMessage;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.Map;

/** One line per event, for people. */
final class Story {
  private static final Map<Integer, String> TYPES = types();

  private Story() {}

  private static Map<Integer, String> types() {
    Map<Integer, String> names = new HashMap<>();
    for (Field f : FrameType.class.getFields()) {
      if (Modifier.isStatic(f.getModifiers()) && !f.getName().startsWith("FLAG_")) {
        try {
          names.put(f.getInt(null), f.getName());
        } catch (IllegalAccessException e) {
          throw new IllegalStateException(e);
        }
      }
    }
    return names;
  }

  static String of(LegOrder order) {
    return order instanceof LegOrder.Adopt(PoolView v) ? "adopt " + of(v) : order.toString();
  }

  static boolean worthTelling(PoolMessage said) {
    PoolMessage m = PoolMessage.body(said);
    return !(m instanceof PoolMessage.Report
        || m instanceof PoolMessage.Query
        || m instanceof PoolMessage.LeaseQuery
        || m instanceof PoolMessage.LeaseAnswer);
  }

  static String of(PoolMessage said) {
    PoolMessage m = PoolMessage.body(said);
    if (m instanceof PoolMessage.Accept a) {
      return "accept " + a.ballot() + " " + of(a.view());
    }
    if (m instanceof PoolMessage.Chosen c) {
      return "chosen " + c.view().generation();
    }
    if (m instanceof PoolMessage.Vote v) {
      PoolView a = v.accepted();
      return "vote granted %b promised %d accepted %d (view %s)"
          .formatted(
              v.granted(), v.promised(), v.acceptedBallot(), a == null ? "-" : a.generation());
    }
    if (m instanceof PoolMessage.Prepare p) {
      return "prepare " + p.ballot();
    }
    return m.toString();
  }

  static String of(PoolView v) {
    StringBuilder s = new StringBuilder("view " + v.generation() + " [");
    for (Member m : v.members()) {
      if (m.role() == Role.DATA) {
        s.append(m.node())
            .append(' ')
            .append(m.state().text())
            .append(" #")
            .append(Long.toHexString(m.incarnation() & 0xffff))
            .append(" since ")
            .append(m.since())
            .append(", ");
      }
    }
    return s.append("epoch ")
        .append(v.epoch())
        .append(v.writer() == null ? ", no writer" : ", writer")
        .append(", ")
        .append(v.phase())
        .append(']')
        .toString();
  }

  static boolean worthTelling(FrameHeader h) {
    return h.type != FrameType.HEARTBEAT && h.type != FrameType.HEARTBEAT_ACK;
  }

  static String of(FrameHeader h) {
    return "%s seq %d gen %d epoch %d wm %d [%d+%d]%s%s"
        .formatted(
            TYPES.getOrDefault(h.type, "type " + h.type),
            h.sequence,
            h.generation,
            h.epoch,
            h.watermark,
            h.offset / SimDisk.BLOCK,
            h.length / SimDisk.BLOCK,
            h.flags == 0 ? "" : " flags " + h.flags,
            h.status == 0 ? "" : " " + Status.name(h.status));
  }
}
