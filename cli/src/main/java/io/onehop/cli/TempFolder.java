package io.onehop.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Temporary folders that know whose they are, so that those of killed processes are cleared. */
final class TempFolder {
  private static final String OWNER = "owner.pid";

  private TempFolder() {}

  /** A new folder below {@code parent}, after those of dead processes have been cleared. */
  static Path make(Path parent, String prefix, String command) {
    sweep(parent, prefix, command);
    try {
      Path made = Files.createTempDirectory(parent, prefix);
      Files.writeString(made.resolve(OWNER), ProcessHandle.current().pid() + "\n");
      return made;
    } catch (IOException e) {
      throw new Failure(
          Failure.REFUSED, "cannot make a folder in " + parent + ": " + Failure.text(e), e);
    }
  }

  private static void sweep(Path parent, String prefix, String command) {
    try (DirectoryStream<Path> old = Files.newDirectoryStream(parent, prefix + "*")) {
      for (Path p : old) {
        Path owner = p.resolve(OWNER);
        if (Files.exists(owner) && Processes.named(owner, command).isEmpty()) {
          delete(p);
        }
      }
    } catch (IOException e) {
      System.err.println("onehop: cannot clear old folders: " + Failure.text(e));
    }
  }

  /** Deletes {@code root} and all below it; what cannot be deleted is named on stderr. */
  static void delete(Path root) {
    if (!Files.exists(root)) {
      return;
    }
    try {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path f, BasicFileAttributes a) throws IOException {
              Files.deleteIfExists(f);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path f, IOException e) {
              return FileVisitResult.CONTINUE; // gone meanwhile
            }

            @Override
            public FileVisitResult postVisitDirectory(Path d, @Nullable IOException e)
                throws IOException {
              Files.deleteIfExists(d);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      System.err.println("onehop: cannot delete " + root + ": " + Failure.text(e));
    }
  }
}
