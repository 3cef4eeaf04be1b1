package io.onehop.sim;

import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.sim.script.Blocks;
import io.onehop.sim.script.ScriptError;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a scenario text may ask of a world, in words. */
final class SceneQuestions {
  private final World world;
  private final SceneClients clients;

  SceneQuestions(World world, SceneClients clients) {
    this.world = world;
    this.clients = clients;
  }

  SimNode node(String name) {
    for (SimNode n : world.nodes) {
      if (n.name.equals(name)) {
        return n;
      }
    }
    throw new ScriptError("the pool has no member " + name);
  }

  String view() {
    PoolView v = world.chosen.newest();
    List<String> legs = new ArrayList<>();
    for (Member m : v.members()) {
      if (m.isLeg()) {
        legs.add(m.node() + " " + m.state().text());
      }
    }
    Writer w = v.writer();
    String phase =
        switch (v.phase()) {
          case Phase.Ready() -> "ready";
          case Phase.Reconciling r -> "reconciling from " + world.shape.name(r.authority());
        };
    return "%s; %s; %s"
        .formatted(
            String.join(", ", legs),
            w == null ? "no writer" : "writer " + clients.of(w.session()),
            phase);
  }

  /** What the view says of the leg; with an addition if it does not mean the run that lives. */
  String state(String leg) {
    SimNode n = node(leg);
    Member m = world.chosen.newest().members().get(n.index);
    String state = m.state().text();
    if (!m.state().inWriteSet()) {
      return state;
    }
    LegStatus s = n.status();
    boolean lives = s != null && m.incarnation() != 0 && s.incarnation() == m.incarnation();
    return lives ? state : state + " with a run that is over";
  }

  boolean knows(SimNode n) {
    PoolView known = n.knownView();
    return world.chosen.newest().equals(known);
  }

  String content(SimNode leg, Blocks blocks) {
    List<String> values = new ArrayList<>();
    for (int b = blocks.first(); b < blocks.first() + blocks.count(); b++) {
      values.add(clients.value(leg.platter.data[b]));
    }
    boolean same = values.stream().distinct().count() == 1;
    return same ? values.getFirst() : String.join(", ", values);
  }

  String compare() {
    List<String> differences = new ArrayList<>();
    for (int b = 0; b < Blocks.POOL; b++) {
      StringBuilder s = new StringBuilder();
      boolean differs = false;
      for (int i = 0; i < world.shape.legs(); i++) {
        long content = world.nodes[i].platter.data[b];
        differs |= content != world.nodes[0].platter.data[b];
        s.append(i == 0 ? "" : ", ");
        s.append(clients.value(content)).append(" on ").append(world.nodes[i].name);
      }
      if (differs) {
        differences.add(Blocks.name(b) + " is " + s);
      }
    }
    return differences.isEmpty() ? "identical" : "differ: " + String.join("; ", differences);
  }

  /** What the pool still has to do, or null. */
  @Nullable String unrest() {
    PoolView v = world.chosen.newest();
    for (SimNode n : world.nodes) {
      if (!knows(n)) {
        return n.name + " does not know " + Story.of(v);
      }
    }
    if (!v.ready()) {
      return Story.of(v);
    }
    for (int i = 0; i < world.shape.legs(); i++) {
      SimNode n = world.nodes[i];
      SimPlatter p = n.platter;
      if (!state(n.name).equals(LegState.IN_SYNC.text())) {
        return Story.of(v);
      }
      if (p.superblock.adoptedGeneration() != v.generation()) {
        return n.name + " has adopted " + p.superblock.adoptedGeneration() + " of " + Story.of(v);
      }
      if (!p.own.set.isEmpty() || !p.carried.set.isEmpty()) {
        return n.name + " still misses " + Blocks.names(b -> p.own.set.get(b));
      }
    }
    return null;
  }
}
