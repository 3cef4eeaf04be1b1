package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A temporary folder of one test class. It is deleted at the end; one that a killed run left is
 * deleted, and the processes that run had started are ended, when the next one is made.
 */
final class ItFolder {
  private static final String PREFIX = "onehop-it-";
  private static final String OWNER = "owner.pid";
  private static final String STARTED = "started.pids";

  /**
   * Waits for the end of its stdin, that is, of this JVM by whatever signal; then ends what was
   * started here and removes the folder. Its command line does not name the folder.
   */
  private static final String GUARD =
      """
      trap '' TERM INT HUP
      read -r _
      for pid in $(cat "$FOLDER/started.pids" 2>/dev/null); do
        grep -qF "$FOLDER" "/proc/$pid/cmdline" 2>/dev/null && kill -9 "$pid"
      done
      for i in 1 2 3 4 5 6 7 8 9 10; do
        rm -rf "$FOLDER" && [ ! -e "$FOLDER" ] && exit 0
        sleep 1
      done
      """;

  private final Path path;
  private final String title;
  private final Process guard;

  private ItFolder(Path path, String title) throws IOException {
    this.path = path;
    this.title = title;
    ProcessBuilder b = new ProcessBuilder("setsid", "sh", "-c", GUARD);
    b.environment().put("FOLDER", path.toString());
    b.redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD);
    this.guard = b.start();
  }

  static ItFolder make(String title) {
    Path temp = Path.of(System.getProperty("java.io.tmpdir"));
    try {
      sweep(temp);
      Path made = Files.createTempDirectory(temp, PREFIX);
      Files.writeString(made.resolve(OWNER), ProcessHandle.current().pid() + "\n");
      return new ItFolder(made, title);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path path() {
    return path;
  }

  /** Notes a process, so that a later run can end it if this one is killed. */
  void remember(Process p) {
    try {
      Files.writeString(
          path.resolve(STARTED),
          p.pid() + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Keeps the logs if {@code failed}, deletes the folder, and checks that no process is left. */
  void close(boolean failed) {
    List<String> left = processesNaming(path);
    try {
      guard.destroyForcibly().waitFor();
      if (failed) {
        keepLogs();
      }
      delete(path);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThat(left).as("processes left behind").isEmpty();
    assertThat(path).doesNotExist();
  }

  private void keepLogs() throws IOException {
    Path logs = path.resolve("log");
    if (!Files.isDirectory(logs)) {
      return;
    }
    Path kept = Path.of("target", "it-logs", title);
    Files.createDirectories(kept);
    try (Stream<Path> files = Files.list(logs)) {
      for (Path f : files.toList()) {
        Files.copy(f, kept.resolve(f.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    System.out.println(title + ": logs kept in " + kept.toAbsolutePath());
  }

  /** Live processes whose command line names a path, as "pid command line". */
  static List<String> processesNaming(Path path) {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path p : all) {
        String command = commandLine(p);
        if (command != null && command.contains(path.toString())) {
          found.add(p.getFileName() + " " + command);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  private static @Nullable String commandLine(Path process) {
    try {
      return Files.readString(process.resolve("cmdline")).replace('\0', ' ');
    } catch (IOException e) {
      return null; // it ended meanwhile
    }
  }

  private static void sweep(Path temp) throws IOException {
    try (DirectoryStream<Path> old = Files.newDirectoryStream(temp, PREFIX + "*")) {
      for (Path p : old) {
        Path owner = p.resolve(OWNER);
        if (Files.exists(owner) && ProcessHandle.of(number(owner)).isEmpty()) {
          endProcesses(p);
          delete(p);
        }
      }
    }
  }

  private static long number(Path file) throws IOException {
    String text = Files.readString(file).strip();
    return text.isEmpty() ? -1 : Long.parseLong(text);
  }

  /** Only those that were noted and whose command line still names the folder. */
  private static void endProcesses(Path folder) throws IOException {
    Path noted = folder.resolve(STARTED);
    if (!Files.exists(noted)) {
      return;
    }
    for (String pid : Files.readAllLines(noted)) {
      String command = commandLine(Path.of("/proc", pid));
      if (command != null && command.contains(folder.toString())) {
        ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  static void delete(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path f, BasicFileAttributes a) throws IOException {
            Files.deleteIfExists(f);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path d, @Nullable IOException e)
              throws IOException {
            Files.deleteIfExists(d);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
