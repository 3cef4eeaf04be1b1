package io.onehop.nbd;

import io.onehop.client.BlockDevice;
import io.onehop.nbd.handshake.Export;
import io.onehop.nbd.wire.NbdAddress;
import io.onehop.transport.BufPool;
import io.onehop.transport.tcp.DataLoop;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/** A server on a loop of its own, for one test. */
final class Running implements AutoCloseable {
  final DataLoop loop;
  final BufPool buffers = new BufPool(64 << 20);
  final BlockDevice device;
  final NbdServer server;
  private final AtomicReference<Throwable> bug = new AtomicReference<>();

  Running(Function<DataLoop, BlockDevice> device, NbdAddress at) throws IOException {
    this.loop = new DataLoop("nbd-test", bug::set).start();
    this.device = device.apply(loop);
    Export export = new Export("vol", "a test volume", this.device.sizeBytes());
    this.server = NbdServer.start(loop, buffers, this.device, export, at);
  }

  static Running tcp(Function<DataLoop, BlockDevice> device) throws IOException {
    return new Running(device, NbdAddress.parse("tcp:127.0.0.1:0"));
  }

  MemoryDevice memory() {
    return (MemoryDevice) device;
  }

  /** Runs {@code task} on the loop and waits for it. */
  void onLoop(Runnable task) {
    loop.call(() -> {
      task.run();
      return true;
    });
  }

  /** Buffers that somebody holds. */
  long outstanding() {
    return loop.call(buffers::outstanding);
  }

  /** Stops; then every buffer must be back. */
  @Override
  public void close() {
    server.close();
    long deadline = System.nanoTime() + 5_000_000_000L;
    long left = outstanding();
    while (left != 0 && System.nanoTime() < deadline) {
      left = outstanding();
    }
    long inFlight = loop.call(() -> server.service().bytesInFlight());
    loop.close();
    if (bug.get() != null) {
      throw new AssertionError("the loop died", bug.get());
    }
    if (left != 0 || inFlight != 0) {
      throw new AssertionError(left + " buffers leaked, " + inFlight + " bytes in flight");
    }
  }
}
