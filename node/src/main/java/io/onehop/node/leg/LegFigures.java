package io.onehop.node.leg;

import java.util.List;

/**
 * More of a leg's data plane, part of {@link LegStatus}.
 *
 * @param absentMisses by member index: blocks that this member misses by this leg's map; 0 for
 *     members that are not stale; empty for a witness and before the first adoption
 * @param mediaErrors blocks that could not be read in this run, each time counted (rule 4.3)
 * @param unreadableBlocks blocks that are missing because of it now
 * @param demandReads reads of clients that had to wait for a fetch in this run (rule 4.2)
 * @param demandRefused reads that were not served so, for lack of room, time or a source
 * @param writerHears members that the session of the last frame is connected to and hears, by its
 *     own newest heartbeat to this leg (mask)
 */
public record LegFigures(
    List<Long> absentMisses,
    long mediaErrors,
    long unreadableBlocks,
    long demandReads,
    long demandRefused,
    int writerHears) {
  /** Of a witness, or of a leg that has done nothing yet. */
  public static final LegFigures NONE = new LegFigures(List.of(), 0, 0, 0, 0, 0);

  /** Copies the list. */
  public LegFigures {
    absentMisses = List.copyOf(absentMisses);
  }
}
