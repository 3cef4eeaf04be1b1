package io.onehop.node.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The kernel's boot id: another one means that the page cache of the last run is gone (rule 8.3).
 */
public final class BootId {
  private static final Path FILE = Path.of("/proc/sys/kernel/random/boot_id");

  private BootId() {}

  /** The id of the running kernel's boot. */
  public static UUID read() throws StoreException {
    return read(FILE);
  }

  static UUID read(Path file) throws StoreException {
    try {
      return UUID.fromString(Files.readString(file).strip());
    } catch (IOException | IllegalArgumentException e) {
      throw new StoreException(file + ": cannot read the kernel's boot id: is /proc mounted?", e);
    }
  }
}
