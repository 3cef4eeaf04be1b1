package io.onehop.node.store;

import java.nio.file.Path;
import java.util.UUID;

/** Legs for tests. */
final class Stores {
  static final UUID POOL = new UUID(0x1111222233334444L, 0x8555666677778888L);
  static final UUID LEG = new UUID(0x0a0b0c0d0e0f1011L, 0x9213141516171819L);
  static final UUID PEER = new UUID(0x2a2b2c2d2e2f3031L, 0xa233343536373839L);
  static final UUID LINEAGE = new UUID(0x3a3b3c3d3e3f4041L, 0xb243444546474849L);

  private Stores() {}

  static LegStoreFormat.Creation creation(Path folder, long size) {
    return new LegStoreFormat.Creation(folder, null, POOL, "pool", LEG, LINEAGE, size, 64, false);
  }

  static LegStoreFormat.Creation onDevice(Path folder, Path device, long size, boolean force) {
    return new LegStoreFormat.Creation(folder, device, POOL, "pool", LEG, LINEAGE, size, 64, force);
  }

  static FileLegDisk fresh(Path folder, long size) throws StoreException {
    LegStoreFormat.create(creation(folder, size));
    return open(folder);
  }

  static FileLegDisk open(Path folder) throws StoreException {
    return LegStoreFormat.open(folder, POOL, LEG, () -> {});
  }

  static MappedBlockSet.Owner miss() {
    return new MappedBlockSet.Owner(POOL, LEG, MappedBlockSet.Kind.MISS, PEER);
  }
}
