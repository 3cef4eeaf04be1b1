package io.onehop.node.leg;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of a leg's (or witness's) data plane, published by its thread several times a second.
 *
 * @param incarnation of this run; 0 for a witness
 * @param adoptedGeneration 0 before the first adoption
 * @param missingBlocks blocks that this leg still misses
 * @param peerLinks mask of members to which a live data connection exists (frame within failure
 *     time)
 * @param session session of the last frame heard from a writer, or null
 * @param sessionEpoch its epoch
 * @param lastWriterFrameNanos loop clock of that frame
 * @param oldestRequestNanos age of the oldest unanswered thing on this leg, 0 if none
 * @param resyncBytesPerSecond rate of healing now
 * @param lastMissedBlocks blocks missed or suspect in the last (or present) stint
 * @param lastCopiedBlocks blocks copied in it
 * @param lastResyncNanos how long it took; -1 if none ended yet
 * @param clean whether the previous run ended clean, for status
 * @param lostPower see the superblock
 * @param missesEverything why everything is missing, or empty
 * @param absentMisses blocks that the absent leg misses by this leg's map (of several, the most)
 * @param healedElsewhere bytes that healed this leg and did not come from a peer; 0 unless resync
 *     has a bug
 * @param servedToPeers bytes of content sent to peers in this run; 0 in a pool that was always
 *     healthy
 * @param figures of media errors, reads on demand, and absent legs by name
 */
public record LegStatus(
    long incarnation,
    long adoptedGeneration,
    long missingBlocks,
    int peerLinks,
    @Nullable UUID session,
    long sessionEpoch,
    long lastWriterFrameNanos,
    long oldestRequestNanos,
    long resyncBytesPerSecond,
    long lastMissedBlocks,
    long lastCopiedBlocks,
    long lastResyncNanos,
    boolean clean,
    boolean lostPower,
    String missesEverything,
    long absentMisses,
    long healedElsewhere,
    long servedToPeers,
    LegFigures figures) {

  /** A status without the figures of media errors, reads on demand, and absent legs by name. */
  public LegStatus(
      long incarnation,
      long adoptedGeneration,
      long missingBlocks,
      int peerLinks,
      @Nullable UUID session,
      long sessionEpoch,
      long lastWriterFrameNanos,
      long oldestRequestNanos,
      long resyncBytesPerSecond,
      long lastMissedBlocks,
      long lastCopiedBlocks,
      long lastResyncNanos,
      boolean clean,
      boolean lostPower,
      String missesEverything,
      long absentMisses,
      long healedElsewhere,
      long servedToPeers) {
    this(
        incarnation,
        adoptedGeneration,
        missingBlocks,
        peerLinks,
        session,
        sessionEpoch,
        lastWriterFrameNanos,
        oldestRequestNanos,
        resyncBytesPerSecond,
        lastMissedBlocks,
        lastCopiedBlocks,
        lastResyncNanos,
        clean,
        lostPower,
        missesEverything,
        absentMisses,
        healedElsewhere,
        servedToPeers,
        LegFigures.NONE);
  }

  /** A status without the figures that only operators want. */
  public LegStatus(
      long incarnation,
      long adoptedGeneration,
      long missingBlocks,
      int peerLinks,
      @Nullable UUID session,
      long sessionEpoch,
      long lastWriterFrameNanos,
      long oldestRequestNanos,
      long resyncBytesPerSecond,
      long lastMissedBlocks,
      long lastCopiedBlocks,
      long lastResyncNanos,
      boolean clean,
      boolean lostPower,
      String missesEverything) {
    this(
        incarnation,
        adoptedGeneration,
        missingBlocks,
        peerLinks,
        session,
        sessionEpoch,
        lastWriterFrameNanos,
        oldestRequestNanos,
        resyncBytesPerSecond,
        lastMissedBlocks,
        lastCopiedBlocks,
        lastResyncNanos,
        clean,
        lostPower,
        missesEverything,
        0,
        0,
        0);
  }

  /** The same with a newer adopted generation. */
  public LegStatus adopted(long generation) {
    return new LegStatus(
        incarnation,
        generation,
        missingBlocks,
        peerLinks,
        session,
        sessionEpoch,
        lastWriterFrameNanos,
        oldestRequestNanos,
        resyncBytesPerSecond,
        lastMissedBlocks,
        lastCopiedBlocks,
        lastResyncNanos,
        clean,
        lostPower,
        missesEverything,
        absentMisses,
        healedElsewhere,
        servedToPeers,
        figures);
  }
}
