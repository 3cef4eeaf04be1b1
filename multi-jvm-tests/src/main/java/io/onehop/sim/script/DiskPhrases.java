package io.onehop.sim.script;

import io.onehop.sim.script.Phrase.Kind;
import io.onehop.sim.script.ScriptedPool.DiskFault;
import java.util.List;

/** What befalls disks. */
final class DiskPhrases {
  private static final Blocks ALL = new Blocks(0, Blocks.POOL);

  private DiskPhrases() {}

  static List<Phrase> all() {
    return List.of(
        Phrase.of(
            Kind.DO,
            "the disk of {leg} stands still for {time}",
            (p, w) -> {
              p.pool().stallDisk(p.leg(w.get("leg")), w.time());
              return "";
            }),
        some("{blocks} on {leg} cannot be read", DiskFault.READ_ERROR),
        some("{blocks} on {leg} cannot be read for good", DiskFault.STICKY_READ_ERROR),
        some("{blocks} on {leg} cannot be written", DiskFault.WRITE_ERROR),
        all("the disk of {leg} is full", DiskFault.FULL),
        all("the disk of {leg} cannot sync", DiskFault.SYNC_ERROR),
        slow("the disk of {leg} takes {time} more for each read", DiskFault.SLOW_READ),
        slow("the disk of {leg} takes {time} more for each write", DiskFault.SLOW_WRITE),
        slow("the disk of {leg} takes {time} more for each sync", DiskFault.SLOW_SYNC),
        Phrase.of(
            Kind.DO,
            "the disk of {leg} is well",
            (p, w) -> {
              p.pool().diskWell(p.leg(w.get("leg")));
              return "";
            }));
  }

  private static Phrase some(String pattern, DiskFault fault) {
    return Phrase.of(
        Kind.DO,
        pattern,
        (p, w) -> {
          p.pool().diskFault(p.leg(w.get("leg")), fault, w.blocks(), 0);
          return "";
        });
  }

  private static Phrase all(String pattern, DiskFault fault) {
    return Phrase.of(
        Kind.DO,
        pattern,
        (p, w) -> {
          p.pool().diskFault(p.leg(w.get("leg")), fault, ALL, 0);
          return "";
        });
  }

  private static Phrase slow(String pattern, DiskFault fault) {
    return Phrase.of(
        Kind.DO,
        pattern,
        (p, w) -> {
          p.pool().diskFault(p.leg(w.get("leg")), fault, ALL, w.time());
          return "";
        });
  }
}
