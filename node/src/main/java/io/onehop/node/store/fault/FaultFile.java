package io.onehop.node.store.fault;

import io.onehop.node.store.fault.Faults.Fault;
import io.onehop.node.store.fault.Faults.Kind;
import io.onehop.transport.Loop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads faults from a text file and looks again whether it has changed, ten times a second. One
 * fault a line: a word of {@link Kind}, then in any order {@code FIRST..LAST} (blocks; without it
 * all), {@code N%} (of the operations), {@code Nms} (of the slow kinds), {@code sticky}. What
 * follows a # is a remark. A missing file is a healthy disk.
 */
public final class FaultFile {
  private static final Logger LOG = LoggerFactory.getLogger(FaultFile.class);
  private static final long LOOK_NANOS = 100_000_000L;

  private final Path path;
  private final Loop loop;
  private final Faults faults;
  private final BooleanSupplier closed;
  private String last = "";

  /**
   * Nothing is read yet; call {@link #watch} on the loop.
   *
   * @param closed whether the disk is closed; then the file is not looked at any more
   */
  public FaultFile(Path path, Loop loop, Faults faults, BooleanSupplier closed) {
    this.path = path;
    this.loop = loop;
    this.faults = faults;
    this.closed = closed;
  }

  /** Reads it now and from time to time. On the loop. */
  public void watch() {
    if (closed.getAsBoolean()) {
      return;
    }
    try {
      String text;
      try {
        text = Files.readString(path);
      } catch (NoSuchFileException e) {
        text = "";
      }
      if (!text.equals(last)) {
        last = text;
        faults.set(parse(text));
        LOG.warn("faults of {}: {}", path, text.strip().replace('\n', ';'));
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.error("{}: not taken over: {}", path, e.getMessage());
    }
    loop.schedule(LOOK_NANOS, this::watch);
  }

  /**
   * The faults that a text names.
   *
   * @throws IllegalArgumentException one line that names the line and what is wrong with it
   */
  public static List<Fault> parse(String text) {
    List<Fault> faults = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      String bare = line.replaceFirst("#.*", "").strip();
      if (!bare.isEmpty()) {
        faults.add(fault(bare));
      }
    }
    return faults;
  }

  private static Fault fault(String line) {
    String[] words = line.split("\\s+", -1);
    Kind kind = null;
    for (Kind k : Kind.values()) {
      if (k.word.equals(words[0])) {
        kind = k;
      }
    }
    if (kind == null) {
      throw new IllegalArgumentException("'" + line + "': no fault is called " + words[0]);
    }
    long from = 0;
    long to = Long.MAX_VALUE;
    int percent = 100;
    long delay = 0;
    boolean sticky = false;
    for (int i = 1; i < words.length; i++) {
      String w = words[i];
      if (w.matches("\\d{1,15}\\.\\.\\d{1,15}")) {
        int dots = w.indexOf("..");
        from = Long.parseLong(w.substring(0, dots));
        to = Long.parseLong(w.substring(dots + 2)) + 1;
      } else if (w.matches("\\d{1,3}%")) {
        percent = Integer.parseInt(w.substring(0, w.length() - 1));
      } else if (w.matches("\\d{1,9}ms")) {
        delay = Long.parseLong(w.substring(0, w.length() - 2)) * 1_000_000;
      } else if (w.equals("sticky")) {
        sticky = true;
      } else {
        throw new IllegalArgumentException("'" + line + "': what is " + w + "?");
      }
    }
    return new Fault(kind, from, to, percent, delay, sticky);
  }
}
