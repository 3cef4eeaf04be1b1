package io.onehop.nbd;

import io.onehop.nbd.handshake.Export;
import io.onehop.nbd.wire.NbdAddress;
import io.onehop.transport.BufPool;
import io.onehop.transport.tcp.DataLoop;
import java.util.concurrent.CountDownLatch;

/** Serves a null device at the address given until killed: to measure the server alone with fio. */
final class ServeNull {
  private ServeNull() {}

  public static void main(String[] args) throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    DataLoop loop = new DataLoop("nbd", bug -> ended.countDown()).start();
    NullDevice device = new NullDevice(1L << 30);
    NbdServer server =
        NbdServer.start(
            loop,
            new BufPool(256 << 20),
            device,
            new Export("null", "", device.sizeBytes()),
            NbdAddress.parse(args[0]));
    System.out.println("ready " + server.uri());
    ended.await();
  }
}
