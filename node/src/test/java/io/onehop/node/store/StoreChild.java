package io.onehop.node.store;

import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another process that has a leg open, to be killed by a test. */
final class StoreChild {
  private StoreChild() {}

  /** Starts it with this JVM's class path; its mode and leg as arguments. */
  static Process start(String mode, Path leg) throws java.io.IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(StoreChild.class.getName());
    command.add(mode);
    command.add(leg.toString());
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  public static void main(String[] args) throws Exception {
    try (FileLegDisk disk = Stores.open(Path.of(args[1]))) {
      PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
      if (args[0].equals("hold")) {
        out.println("open");
        int end = System.in.read();
        assert end < 0;
        return;
      }
      write(disk, out);
    } catch (java.io.IOException | UncheckedIOException e) {
      System.err.println(e.getMessage());
      System.exit(4);
    }
  }

  /**
   * Step n puts sequence n, marks block n of both sets, writes n to block n, now and then saves
   * generation n, then says "n" (with its confirmed sequence and generation) in one write to the
   * pipe.
   */
  private static void write(FileLegDisk disk, PrintStream out) throws java.io.IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(4096).order(ByteOrder.LITTLE_ENDIAN);
    BlockSet miss = disk.missMap(Stores.PEER);
    UnconfirmedLog log = disk.unconfirmed();
    long generation = disk.superblock().adoptedGeneration();
    long n = disk.ownMissing().size();
    while (n + 1 < disk.blocks()) {
      n++;
      if (n - log.confirmed(1) > log.window()) {
        log.confirm(1, n - log.window() / 2);
      }
      log.put(1, n, n * 4096, 4096);
      miss.add(n, n + 1);
      disk.ownMissing().add(n, n + 1);
      MemorySegment.ofBuffer(block.clear()).fill((byte) n);
      disk.write(n * 4096, block, status -> {});
      if (n % 16 == 0) {
        generation = n;
        disk.save(disk.superblock().adopted(generation, Stores.LINEAGE, generation));
      }
      out.println(n + " " + log.confirmed(1) + " " + generation + " .");
    }
  }
}
