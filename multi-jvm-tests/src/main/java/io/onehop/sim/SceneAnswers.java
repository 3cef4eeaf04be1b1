package io.onehop.sim;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.sim.script.Blocks;
import io.onehop.sim.script.InvariantBroken;
import io.onehop.sim.script.ScriptedPool;
import org.jspecify.annotations.Nullable;

/** What a pool of scenario texts answers when it is asked. */
abstract class SceneAnswers implements ScriptedPool {
  final World world;
  final SceneClients clients;
  final SceneQuestions questions;

  SceneAnswers(World world, SceneClients clients) {
    this.world = world;
    this.clients = clients;
    this.questions = new SceneQuestions(world, clients);
  }

  final SimNode node(String name) {
    return questions.node(name);
  }

  @Override
  public String view() {
    return questions.view();
  }

  @Override
  public String state(String leg) {
    return questions.state(leg);
  }

  @Override
  public boolean nobodyAttached() {
    return world.chosen.newest().writer() == null;
  }

  @Override
  public boolean ready() {
    return world.chosen.newest().ready();
  }

  @Override
  public boolean knows(String node) {
    return questions.knows(node(node));
  }

  @Override
  public long viewChanges() {
    return world.chosen.newest().generation() - 1;
  }

  @Override
  public String reason(String leg) {
    Member m = world.chosen.newest().members().get(node(leg).index);
    return m.state() == LegState.IN_SYNC ? "it is not" : m.reason();
  }

  @Override
  public String content(String leg, Blocks blocks) {
    return questions.content(node(leg), blocks);
  }

  @Override
  public String compare() {
    return questions.compare();
  }

  @Override
  public String ownMissing(String leg) {
    SimPlatter p = node(leg).platter;
    String all = p.superblock.missesEverything();
    return all.isEmpty() ? Blocks.names(b -> p.own.set.get(b)) : "everything: " + all;
  }

  @Override
  public String map(String holder, String of) {
    SimBlockSet.Bits bits = node(holder).platter.map(node(of).platter.id);
    return Blocks.names(b -> bits.set.get(b));
  }

  @Override
  public String unconfirmed(String leg) {
    SimPlatter p = node(leg).platter;
    return Blocks.names(
        b -> p.carried.set.get(b) || p.log.covers(b * SimDisk.BLOCK, SimDisk.BLOCK));
  }

  @Override
  public long copied(String leg) {
    return node(leg).platter.healed;
  }

  @Override
  public @Nullable String unrest() {
    return questions.unrest();
  }

  @Override
  public void judge() {
    try {
      world.judge.quiet();
    } catch (Violation v) {
      throw new InvariantBroken(clients.named(v), v);
    }
  }
}
