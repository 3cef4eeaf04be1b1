package io.onehop.node.store;

import java.util.UUID;

/**
 * What identifies a leg's disk and where its history stands; two checksummed slots on disk.
 *
 * @param pool the pool's UUID
 * @param poolName the pool's name
 * @param leg the member's UUID
 * @param lineage lineage of the last adopted view
 * @param sizeBytes size of the pool's device
 * @param adoptedGeneration last adopted generation (rule 2.5); 0 before the first
 * @param lastInSync last generation that named this leg in sync, or in which its promotion was
 *     proposed (rule 6.1)
 * @param incarnation of the last run
 * @param bootId kernel boot id of the last run
 * @param clean the last run stopped in order and nothing was admitted since
 * @param lostPower sticky since a start after power loss, until named in sync again (rule 8.4)
 * @param missesEverything why every block of it is suspect, or empty
 */
public record Superblock(
    UUID pool,
    String poolName,
    UUID leg,
    UUID lineage,
    long sizeBytes,
    long adoptedGeneration,
    long lastInSync,
    long incarnation,
    UUID bootId,
    boolean clean,
    boolean lostPower,
    String missesEverything) {

  /** With another adopted generation and lineage. */
  public Superblock adopted(long generation, UUID newLineage, long newLastInSync) {
    return new Superblock(
        pool,
        poolName,
        leg,
        newLineage,
        sizeBytes,
        generation,
        newLastInSync,
        incarnation,
        bootId,
        clean,
        lostPower,
        missesEverything);
  }

  /** With the marks of a run. */
  public Superblock run(
      long newIncarnation, UUID boot, boolean isClean, boolean lost, String missesAll) {
    return new Superblock(
        pool,
        poolName,
        leg,
        lineage,
        sizeBytes,
        adoptedGeneration,
        lastInSync,
        newIncarnation,
        boot,
        isClean,
        lost,
        missesAll);
  }
}
