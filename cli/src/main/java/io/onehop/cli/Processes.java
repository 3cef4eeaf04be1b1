package io.onehop.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Starts and stops OneHop processes of this installation. */
final class Processes {
  /** Set for children whose life is bound to their parent's: stdin's end is the parent's end. */
  static final String BOUND = "ONEHOP_BOUND_TO_STDIN";

  private Processes() {}

  /**
   * Starts {@code onehop ARGS} in a session of its own (a terminal's Ctrl-C does not reach it); it
   * ends in order when this process does. What it prints on stderr is appended to {@code log}.
   *
   * @param stdout appended to the log too if null is not wanted: true to read it by a pipe
   */
  static Process start(Path log, boolean stdout, String... args) {
    String launcher = System.getProperty("onehop.launcher");
    if (launcher == null) {
      throw new Failure(
          Failure.REFUSED, "not started by the onehop script: it knows the JVM to use");
    }
    List<String> command = new ArrayList<>();
    for (String s : List.of("/usr/bin/setsid", "/bin/setsid")) {
      if (command.isEmpty() && Files.isExecutable(Path.of(s))) {
        command.add(s);
      }
    }
    command.add(launcher);
    command.addAll(List.of(args));
    ProcessBuilder b = new ProcessBuilder(command);
    b.environment().put(BOUND, "1");
    File file = log.toFile();
    b.redirectError(ProcessBuilder.Redirect.appendTo(file));
    if (!stdout) {
      b.redirectOutput(ProcessBuilder.Redirect.appendTo(file));
    }
    try {
      return b.start();
    } catch (IOException e) {
      throw new Failure(Failure.REFUSED, "cannot start " + launcher + ": " + e.getMessage(), e);
    }
  }

  /** In a child: ends this process, in order, when the parent ends. */
  static void endWithParent() {
    if (System.getenv(BOUND) == null) {
      return;
    }
    Thread.ofPlatform()
        .daemon()
        .name("onehop-parent")
        .start(() -> {
          try {
            while (System.in.read() >= 0) {
              // The parent never writes; its end closes the pipe.
            }
          } catch (IOException e) {
            // As good as the end.
          }
          System.exit(0);
        });
  }

  /**
   * The live OneHop process named in {@code pidFile}, if it is one. A pid file may be stale and its
   * number another program's, even another OneHop process's: {@code word} tells ours from those.
   *
   * @param word what one word of its command line is, or ends with after a slash: {@code attach},
   *     {@code node-a.conf}
   */
  static Optional<ProcessHandle> named(Path pidFile, String word) {
    try {
      long pid = Long.parseLong(Files.readString(pidFile).strip());
      return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(h -> runs(h.pid(), word));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Whether it is a OneHop process with such a word in its command line. */
  static boolean runs(long pid, String word) {
    try {
      Path proc = Path.of("/proc", String.valueOf(pid), "cmdline");
      String all = new String(Files.readAllBytes(proc), StandardCharsets.ISO_8859_1);
      String sought =
          new String(word.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
      // A zombie's command line is empty.
      return all.contains("onehop")
          && List.of(all.split("\0", -1)).stream()
              .anyMatch(w -> w.equals(sought) || w.endsWith("/" + sought));
    } catch (IOException e) {
      return false;
    }
  }

  /** SIGTERM, and SIGKILL where that did not help in {@code seconds}. */
  static void stop(List<ProcessHandle> handles, int seconds) {
    handles.forEach(ProcessHandle::destroy);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    for (ProcessHandle h : handles) {
      try {
        h.onExit().get(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        h.destroyForcibly();
      } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
        System.err.println("onehop: process " + h.pid() + " did not stop in time and was killed");
        h.destroyForcibly();
        h.onExit().completeOnTimeout(h, 1, TimeUnit.SECONDS).join();
      }
    }
  }

  private static String nameOf(Path pidFile) {
    String file = String.valueOf(pidFile.getFileName());
    return file.substring(0, file.length() - ".pid".length());
  }

  /** Stops the client and then the nodes. */
  static void stopOwn(@Nullable Process client, List<Process> nodes) {
    if (client != null && client.isAlive()) {
      stop(List.of(client.toHandle()), 9);
    }
    stop(nodes.stream().filter(Process::isAlive).map(Process::toHandle).toList(), 9);
  }

  /** Stops a local pool in order: the client, then every process named in its pid files. */
  static void stopAll(LocalPool pool, @Nullable Process client, List<Process> nodes) {
    List<ProcessHandle> first = new ArrayList<>();
    pool.client().ifPresent(first::add);
    if (client != null
        && client.isAlive()
        && first.stream().noneMatch(h -> h.pid() == client.pid())) {
      first.add(client.toHandle());
    }
    stop(first, 9);
    List<ProcessHandle> rest = new ArrayList<>();
    for (Path f : pidFiles(pool)) {
      if (!f.equals(pool.clientPid())) {
        pool.node(nameOf(f)).ifPresent(rest::add);
      }
    }
    for (Process p : nodes) {
      if (p.isAlive() && rest.stream().noneMatch(h -> h.pid() == p.pid())) {
        rest.add(p.toHandle());
      }
    }
    stop(rest, 9);
    // What was killed could not remove its own.
    for (Path f : pidFiles(pool)) {
      boolean alive =
          f.equals(pool.clientPid()) ? pool.client().isPresent() : pool.node(nameOf(f)).isPresent();
      try {
        if (!alive) {
          Files.deleteIfExists(f);
        }
      } catch (IOException e) {
        System.err.println("onehop: cannot remove " + f + ": " + Failure.text(e));
      }
    }
  }

  private static List<Path> pidFiles(LocalPool pool) {
    try (Stream<Path> files = Files.list(pool.run())) {
      return files.filter(f -> f.toString().endsWith(".pid")).toList();
    } catch (IOException e) {
      System.err.println("onehop: cannot read " + pool.run() + ": " + Failure.text(e));
      return List.of();
    }
  }
}
