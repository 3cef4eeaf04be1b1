package io.onehop.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Finds the OneHop client that listens on a unix socket, by what the kernel tells in /proc. */
final class SocketHolder {
  private static final Path PROC = Path.of("/proc");

  /** In the flags of /proc/net/unix: it accepts connections. */
  private static final long LISTENS = 0x10000;

  private static final int INODE = 6;
  private static final int PATH = 7;

  private SocketHolder() {}

  /**
   * The process {@code onehop attach POOL} that listens on {@code socket}; empty if another program
   * does, nobody does, or it cannot be seen from here (another user's, another container's).
   */
  static Optional<ProcessHandle> find(Path socket, String pool) {
    Set<Path> sought = new HashSet<>();
    try (Stream<String> lines =
        Files.lines(PROC.resolve("net").resolve("unix"), StandardCharsets.ISO_8859_1)) {
      lines.forEach(line -> inode(line, socket).ifPresent(sought::add));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
    return sought.isEmpty()
        ? Optional.empty()
        : ProcessHandle.allProcesses()
            .filter(h -> Processes.runs(h.pid(), "attach") && Processes.runs(h.pid(), pool))
            .filter(h -> holds(h.pid(), sought))
            .findFirst();
  }

  private static Optional<Path> inode(String line, Path socket) {
    // The path is the rest of the line and may have blanks in it.
    List<String> fields = List.of(line.strip().split(" +", PATH + 1));
    String path =
        new String(socket.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    boolean it =
        fields.size() > PATH
            && fields.get(PATH).equals(path)
            && (Long.parseLong(fields.get(3), 16) & LISTENS) != 0;
    return it ? Optional.of(Path.of("socket:[" + fields.get(INODE) + "]")) : Optional.empty();
  }

  private static boolean holds(long pid, Set<Path> sockets) {
    try (Stream<Path> open = Files.list(PROC.resolve(String.valueOf(pid)).resolve("fd"))) {
      return open.anyMatch(fd -> sockets.contains(target(fd)));
    } catch (IOException | RuntimeException e) {
      return false; // it has ended, or is not ours to look into
    }
  }

  private static Path target(Path link) {
    try {
      return Files.readSymbolicLink(link);
    } catch (IOException e) {
      return link; // closed in the meantime
    }
  }
}
