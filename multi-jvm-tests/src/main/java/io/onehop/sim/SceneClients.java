package io.onehop.sim;

import io.onehop.sim.script.Blocks;
import io.onehop.sim.script.ScriptError;
import io.onehop.sim.script.ScriptedPool.Pending;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The clients of a scenario text, and the names of the values that they write. */
final class SceneClients {
  private final World world;
  private final Map<String, SimClient> clients = new LinkedHashMap<>();
  private final List<Write> writes = new ArrayList<>();
  private final Map<String, FrameHeader> arrived = new HashMap<>();

  /** A write that was begun. */
  private record Write(String value, SimClient.Request request) {}

  SceneClients(World world) {
    this.world = world;
    world.trap(
        new World.Trap() {
          @Override
          public void delivered(SimProcess to, FrameHeader h) {
            if (h.type == FrameType.WRITE && world.shape.isLeg(to.party)) {
              SimPlatter p = world.nodes[to.party].platter;
              var entry = new SimLog.Entry(h.epoch, h.sequence, h.offset, h.length);
              arrived.putIfAbsent(
                  to.name + world.judge.expected(p, entry), new FrameHeader().copyFrom(h));
            }
          }
        });
  }

  boolean knows(String name) {
    return clients.containsKey(name);
  }

  SimClient named(String name) {
    SimClient c = clients.get(name);
    if (c == null) {
      throw new ScriptError("there is no client " + name);
    }
    return c;
  }

  /** Name of the client with this session. */
  String of(UUID session) {
    for (Map.Entry<String, SimClient> e : clients.entrySet()) {
      if (e.getValue().session().equals(session)) {
        return e.getKey();
      }
    }
    return "somebody";
  }

  void attach(String name, boolean takeover) {
    SimClient c = world.clients.spawn(takeover);
    if (!c.process.name.equals(name)) {
      throw new ScriptError("the next client is " + c.process.name);
    }
    clients.put(name, c);
  }

  @Nullable String session(String name) {
    SimClient c = named(name);
    String ended = c.ended();
    if (ended != null) {
      return ended;
    }
    if (!c.process.alive()) {
      return "killed";
    }
    return c.attached() ? "ok" : null;
  }

  String waitsFor(String name) {
    SimClient c = named(name);
    if (!c.process.alive()) {
      return "nothing, it is dead";
    }
    if (c.process.loop.paused()) {
      return "nothing, it is paused";
    }
    String w = c.waiting();
    return w == null ? "nothing" : w;
  }

  void wake() {
    for (SimClient c : clients.values()) {
      if (c.process.alive() && c.process.loop.paused()) {
        c.process.loop.resume();
      }
    }
  }

  // ---- requests

  Pending write(String client, Blocks blocks, String value, boolean durably) {
    for (Write w : writes) {
      if (w.value.equals(value)) {
        throw new ScriptError("value " + value + " was written before; take another one");
      }
    }
    SimClient c = named(client);
    SimClient.Request r = c.write(blocks.first(), blocks.count(), durably);
    writes.add(new Write(value, r));
    return () -> answer(c, r, Status.name(r.status));
  }

  Pending zero(String client, Blocks blocks, boolean trim) {
    SimClient c = named(client);
    SimClient.Request r = c.zero(blocks.first(), blocks.count(), trim);
    return () -> answer(c, r, Status.name(r.status));
  }

  Pending read(String client, Blocks blocks) {
    SimClient c = named(client);
    if (blocks.count() > 1) {
      throw new ScriptError("read one block at a time");
    }
    SimClient.Request r = c.read(blocks.first());
    return () -> answer(c, r, r.ok() ? value(r.value) : Status.name(r.status));
  }

  Pending flush(String client) {
    SimClient c = named(client);
    SimClient.Request r = c.flush();
    return () -> answer(c, r, Status.name(r.status));
  }

  private static @Nullable String answer(SimClient c, SimClient.Request r, String answer) {
    if (r.status >= 0) {
      return answer;
    }
    // What was asked of a process that is gone is never answered.
    return c.process.alive() ? null : Status.name(Status.FENCED);
  }

  Pending repeat(String client, String value, SimNode leg) {
    SimClient c = named(client);
    for (Write w : writes) {
      FrameHeader h = arrived.get(leg.name + w.request.place);
      if (w.value.equals(value) && h != null) {
        SecondLane lane = SecondLane.send(world, c, leg, h, w.request.place);
        return () -> lane.status < 0 ? null : Status.name(lane.status);
      }
    }
    throw new ScriptError("no write of " + value + " has arrived at " + leg.name);
  }

  /** The name of a block's content. */
  String value(long content) {
    if (content == 0) {
      return "zeroes";
    }
    for (Write w : writes) {
      if (w.request.place == content) {
        return w.value;
      }
    }
    return "unknown " + History.text(content);
  }

  /** What a violation says, with the names that the text has for values and blocks. */
  String named(Violation v) {
    String text = String.valueOf(v.getMessage());
    for (Write w : writes) {
      text = text.replaceAll("\\b" + Pattern.quote(History.text(w.request.place)) + "\\b", w.value);
    }
    for (int b = 0; Blocks.name(b).length() == 1; b++) {
      text = text.replaceAll("\\bblock " + b + "\\b", Blocks.name(b));
    }
    return text;
  }
}
