package io.onehop.sim;

import io.onehop.protocol.model.Policies;
import java.util.SplittableRandom;

/**
 * What kind of world a seed draws.
 *
 * @param shape legs, witnesses and clients
 * @param blocks size of the pool
 * @param depth requests that the client keeps in flight
 * @param operations requests of the whole workload
 * @param hotBlocks requests fall into the first so many blocks mostly
 * @param restNanos longest rest of a workload's slot between two requests
 * @param lateShare of 100 disk operations, how many complete later than they begin
 * @param lateNanos how late at most
 * @param delayNanos longest usual delay of the network
 * @param slowPerMille of 1000 frames or messages, how many are fifty times slower
 * @param lossPerMille of 1000 control messages, how many are lost
 * @param faultNanos how long faults go on
 * @param policies settings of the pool
 */
record Mix(
    Shape shape,
    int blocks,
    int depth,
    int operations,
    int hotBlocks,
    long restNanos,
    int lateShare,
    long lateNanos,
    long delayNanos,
    int slowPerMille,
    int lossPerMille,
    long faultNanos,
    Policies policies) {
  private static final long MS = 1_000_000L;

  /** Times in heartbeats: long ones keep connections alive over cuts, so that frames come late. */
  private static final int[] FACTORS = {4, 4, 8, 40};

  static Mix draw(SplittableRandom r) {
    Shape shape = Shape.draw(r);
    int blocks = 4 << r.nextInt(4);
    int window = 16 << r.nextInt(3);
    int depth = 1 << r.nextInt(5);
    int operations = 240 + r.nextInt(360);
    // Big worlds have more events a second: they live shorter, with as many faults.
    long faultNanos = (6 + r.nextInt(6)) * 1_000L * MS * 4 / Math.max(2, shape.nodes());
    long beat = (200 + 100 * r.nextInt(3)) * MS;
    long rate = SimDisk.BLOCK << r.nextInt(8);
    Policies policies =
        new Policies(
            r.nextInt(3) == 0,
            false,
            3_000 * MS,
            rate,
            r.nextInt(3) == 0 ? 0 : 2 * rate,
            beat,
            beat * FACTORS[r.nextInt(FACTORS.length)],
            beat * FACTORS[r.nextInt(FACTORS.length)],
            beat * (2 + 2 * r.nextInt(2)),
            beat * (2 + 2 * r.nextInt(3)),
            window);
    return new Mix(
        shape,
        blocks,
        depth,
        operations,
        1 + r.nextInt(blocks),
        // So that the workload lasts as long as the faults.
        3L * depth * faultNanos / operations,
        r.nextInt(4) * 30,
        (1 + r.nextInt(3) * 20) * MS / 10,
        r.nextInt(4) == 0 ? 20 * MS : 300_000,
        r.nextInt(3) * 10,
        r.nextInt(3) * 30,
        faultNanos,
        policies);
  }

  /** A world with less in it, for shrinking. */
  Mix with(int newDepth, int newOperations, int newSlow, int newLoss) {
    return new Mix(
        shape,
        blocks,
        newDepth,
        newOperations,
        hotBlocks,
        restNanos,
        lateShare,
        lateNanos,
        delayNanos,
        newSlow,
        newLoss,
        faultNanos,
        policies);
  }
}
