package io.onehop.node.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One opener per store (rule 8.7), of this process or another: an flock on the file {@code lock} in
 * its folder, which names the holder's pid. The kernel drops it with the process, however that
 * ends.
 */
final class StoreLock implements AutoCloseable {
  static final String NAME = "lock";

  private final PosixFile file;

  private StoreLock(PosixFile file) {
    this.file = file;
  }

  /** Takes it at once or refuses, naming the holder. */
  static StoreLock take(Path folder) throws IOException {
    Path path = folder.resolve(NAME);
    if (!Files.exists(path)) {
      try {
        Files.createFile(path);
      } catch (java.nio.file.FileAlreadyExistsException e) {
        // another opener was quicker: the lock decides
        assert Files.exists(path);
      }
    }
    PosixFile f = new PosixFile(path, Posix.O_RDWR);
    int e = f.lock();
    if (e != 0) {
      f.close();
      if (e == Posix.EWOULDBLOCK) {
        throw inUse(folder, folder);
      }
      throw new StoreException(path + ": cannot be locked: " + Posix.text(e));
    }
    Files.writeString(
        path, ProcessHandle.current().pid() + "\n", StandardOpenOption.TRUNCATE_EXISTING);
    return new StoreLock(f);
  }

  /** The refusal of what somebody else has open. */
  static StoreException inUse(Object what, Path folder) {
    String pid = "";
    try {
      pid = Files.readString(folder.resolve(NAME)).strip();
    } catch (IOException e) {
      // the message does without
      assert pid.isEmpty();
    }
    return new StoreException(
        what
            + ": store in use by "
            + (pid.isEmpty() ? "another process" : "pid " + pid)
            + ": stop it first");
  }

  @Override
  public void close() {
    file.close();
  }
}
