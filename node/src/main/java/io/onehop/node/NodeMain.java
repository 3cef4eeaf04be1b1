package io.onehop.node;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A storage node as a process: pid file, start, signals, exit code. {@code onehop node CONFIG} is
 * {@link #run}.
 */
public final class NodeMain {
  private static final int FATAL = 1;

  private final PrintStream err;
  private final CountDownLatch end = new CountDownLatch(1);
  private final AtomicInteger code = new AtomicInteger();
  private volatile @Nullable Node node;
  private volatile @Nullable Path pidFile;

  private NodeMain(PrintStream err) {
    this.err = err;
  }

  /**
   * Runs a node in this process until SIGTERM, SIGINT or a failure. An orderly stop by a signal
   * ends the process itself with exit code 0 and does not return.
   *
   * @param config the node's configuration file
   * @param err where lines for the operator go
   * @return the exit code: 3 a port is taken, 4 the configuration or a store is wrong, 1 it failed
   *     while running. Threads may be left: the caller ends the process
   */
  public static int run(Path config, PrintStream err) {
    return new NodeMain(err).run(config);
  }

  private int run(Path config) {
    NodeSettings settings;
    Thread hook = new Thread(this::signalled, "onehop-stop");
    try {
      settings = NodeSettings.read(config);
      String other = running(settings.pidFile(), config);
      if (!other.isEmpty()) {
        return failed(3, other);
      }
      // First the hook: a signal at any moment after the file was written removes it.
      Runtime.getRuntime().addShutdownHook(hook);
      writePid(settings.pidFile());
      Logs.configure(settings.log());
    } catch (ConfigError e) {
      removePid();
      drop(hook);
      return failed(4, e.getMessage(), e);
    }
    try {
      Node started = Node.start(settings, this::fatal);
      node = started;
      NodeAddress self = settings.self();
      say("node '" + self.name() + "' is up: data " + self.data() + ", api " + self.api());
      end.await();
    } catch (StartError e) {
      code.set(e.exitCode());
      failed(e.exitCode(), e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      code.set(FATAL);
    } catch (RuntimeException e) {
      code.set(failed(FATAL, "cannot start: " + e, e));
    }
    drop(hook);
    removePid();
    return code.get();
  }

  private void drop(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // A signal came meanwhile: the hook ends the process.
      end.countDown();
    }
  }

  /**
   * The data loop is gone: nothing of this node can be trusted to go on. Its last action, on it.
   */
  private void fatal(Throwable bug) {
    err.println("onehop node: failed, the node ends: " + bug);
    bug.printStackTrace(err);
    removePid();
    Runtime.getRuntime().halt(FATAL);
  }

  /** SIGTERM or SIGINT, as a shutdown hook: the JVM would exit with 143 or 130 after it. */
  private void signalled() {
    Node running = node;
    if (running != null) {
      running.close();
    }
    removePid();
    err.flush();
    Runtime.getRuntime().halt(0);
  }

  /** Why this node must not start beside one that runs already, or empty if the file is stale. */
  private static String running(Path file, Path config) {
    try {
      long pid = Files.exists(file) ? Long.parseLong(Files.readString(file).strip()) : -1;
      ProcessHandle other = pid < 0 ? null : ProcessHandle.of(pid).orElse(null);
      if (other == null || pid == ProcessHandle.current().pid()) {
        return "";
      }
      // The number may belong to another process by now: only a node with this file counts.
      String command =
          Files.readString(Path.of("/proc", String.valueOf(pid), "cmdline")).replace('\0', ' ');
      boolean same =
          command.contains("onehop") && command.contains(String.valueOf(config.getFileName()));
      return same ? "this node runs already, with pid " + pid + " (" + file + ")" : "";
    } catch (IOException | NumberFormatException e) {
      return "";
    }
  }

  /** Replaces a stale one in one step, so that nobody ever reads half a number. */
  private void writePid(Path file) throws ConfigError {
    try {
      Path folder = file.getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      Path next = file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid());
      Files.writeString(next, ProcessHandle.current().pid() + "\n", StandardCharsets.US_ASCII);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      pidFile = file;
    } catch (IOException e) {
      throw new ConfigError("onehop.pid-file: cannot write " + file + ": " + e.getMessage());
    }
  }

  /** Only if it is still ours: another node may have been started by mistake on the same folder. */
  private void removePid() {
    Path file = pidFile;
    if (file == null) {
      return;
    }
    try {
      String own = String.valueOf(ProcessHandle.current().pid());
      if (Files.exists(file) && Files.readString(file).strip().equals(own)) {
        Files.delete(file);
      }
    } catch (IOException e) {
      err.println("onehop node: cannot remove " + file + ": " + e.getMessage());
    }
  }

  private void say(String text) {
    err.println("onehop node: " + text);
    err.flush();
  }

  private int failed(int exitCode, @Nullable String text, Exception cause) {
    // Set by the command line's --debug.
    if (Boolean.getBoolean("onehop.debug")) {
      cause.printStackTrace(err);
    }
    return failed(exitCode, text);
  }

  private int failed(int exitCode, @Nullable String text) {
    say(String.valueOf(text));
    return exitCode;
  }
}
