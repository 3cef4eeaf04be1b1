package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Status;
import io.onehop.transport.tcp.DataLoop;
import io.onehop.transport.tcp.TcpCounters;
import io.onehop.transport.tcp.TcpTransport;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one write costs over real sockets, two legs in this process on one loop of their own. */
final class HotPathTest {
  private static final int DEPTH = 32;
  private static final int BLOCKS = FakePool.STORE / 4096;
  private static final int WARM_UP = Integer.getInteger("onehop.hot.warmup", 60_000);
  private static final int MEASURED = Integer.getInteger("onehop.hot.writes", 60_000);

  private final AtomicReference<Throwable> died = new AtomicReference<>();
  private final DataLoop legLoop = new DataLoop("fake-legs", died::set);
  private final DataLoop loop = new DataLoop("client", died::set);
  private final BufPool legBuffers = new BufPool(8 << 20);

  @AfterEach
  void stop() {
    loop.close();
    legLoop.close();
    assertThat(died.get()).isNull();
  }

  @Test
  void aWriteAllocatesNothingAndSharesItsSystemCalls() throws Exception {
    legLoop.start();
    List<Endpoint> endpoints = new ArrayList<>();
    List<FakeLeg> legs =
        legLoop.call(() -> {
          TcpTransport tcp = new TcpTransport(legLoop);
          List<FakeLeg> all = new ArrayList<>();
          for (int i = 0; i < 3; i++) {
            int index = i;
            endpoints.add(tcp.listen(new Endpoint("127.0.0.1", 0), () -> new Tcp(all, index)).at());
          }
          all.addAll(
              new FakePool(endpoints, FakePool.STORE, Policies.DEFAULT, ClientRules.ALL).legs);
          all.forEach(l -> l.logging = false);
          return all;
        });
    loop.start();
    TcpTransport tcp = new TcpTransport(loop);
    Attached attached = new Attached();
    VolumeEngine engine =
        loop.call(() ->
            new VolumeEngine(
                loop,
                new io.onehop.transport.BootClock()::nanos,
                tcp,
                new EngineSettings("p", endpoints, new UUID(5, 5), "h", 1, 0, 10_000),
                ClientRules.ALL,
                attached));
    loop.execute(engine::start);
    attached.done.get(20, TimeUnit.SECONDS);
    Buf data = loop.call(() -> new BufPool(1 << 20).take(4096));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long client = loop.call(() -> Thread.currentThread().threadId());
    long server = legLoop.call(() -> Thread.currentThread().threadId());
    run(engine, data, WARM_UP);
    TcpCounters c = tcp.counters();
    long reads = loop.call(() -> c.reads());
    long writes = loop.call(() -> c.writes());
    long turns = loop.call(loop::turns);
    long sleeps = loop.call(loop::sleeps);
    long bytes = threads.getThreadAllocatedBytes(client);
    long cpu = threads.getThreadCpuTime(client);
    long legCpu = threads.getThreadCpuTime(server);
    long begun = System.nanoTime();
    run(engine, data, MEASURED);
    double n = MEASURED;
    double nanos = (System.nanoTime() - begun) / n;
    double allocated = (threads.getThreadAllocatedBytes(client) - bytes) / n;
    double calls = (loop.call(() -> c.reads() + c.writes()) - reads - writes) / n;
    System.out.printf(
        "4 KiB writes, depth %d: %.0f/s, client CPU %.2f us, legs' CPU %.2f us, %.2f B allocated,"
            + " %.3f reads and writes of sockets, %.3f turns, %.3f sleeps each%n",
        DEPTH,
        1e9 / nanos,
        (threads.getThreadCpuTime(client) - cpu) / n / 1000,
        (threads.getThreadCpuTime(server) - legCpu) / n / 1000,
        allocated,
        calls,
        (loop.call(loop::turns) - turns) / n,
        (loop.call(loop::sleeps) - sleeps) / n);
    assertThat(legs).hasSize(3);
    assertThat(allocated).isLessThan(4);
    // Two legs: alone, a write would take two writes and two reads.
    assertThat(calls).isLessThan(2);
    loop.call(() -> {
      engine.abandon();
      return 0;
    });
  }

  /** Writes one block after the other, always {@link #DEPTH} at a time. */
  private void run(VolumeEngine engine, Buf data, int count) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(() -> new Run(engine, data, count, done).begin());
    done.get(60, TimeUnit.SECONDS);
  }

  private static final class Run implements BlockDevice.Completion {
    private final VolumeEngine engine;
    private final Buf data;
    private final int count;
    private final CompletableFuture<Void> over;
    private int begun;
    private int completed;

    Run(VolumeEngine engine, Buf data, int count, CompletableFuture<Void> over) {
      this.engine = engine;
      this.data = data;
      this.count = count;
      this.over = over;
    }

    void begin() {
      for (int i = 0; i < DEPTH; i++) {
        next();
      }
    }

    private void next() {
      long block = begun++ * 37L % BLOCKS;
      engine.write(block * 4096, 4096, data, 0, false, this);
    }

    @Override
    public void complete(int status) {
      if (status != Status.OK) {
        over.completeExceptionally(new AssertionError(Status.name(status)));
      } else if (++completed == count) {
        over.complete(null);
      } else if (begun < count) {
        next();
      }
    }
  }

  /** Waits for the attach. */
  private static final class Attached implements VolumeListener {
    private final CompletableFuture<PoolView> done = new CompletableFuture<>();

    @Override
    public void attached(PoolView view) {
      done.complete(view);
    }

    @Override
    public void waiting(@Nullable String reason) {}

    @Override
    public void viewChanged(PoolView view) {}

    @Override
    public void detached() {}

    @Override
    public void ended(String reason) {
      done.completeExceptionally(new AssertionError(reason));
    }
  }

  /** A fake leg's end of a connection. */
  private final class Tcp implements ConnectionListener, FakeLeg.Peer {
    private final List<FakeLeg> legs;
    private final int index;
    private @Nullable Connection connection;

    Tcp(List<FakeLeg> legs, int index) {
      this.legs = legs;
      this.index = index;
    }

    @Override
    public void connected(Connection c) {
      connection = c;
      legs.get(index).lanes.add(this);
    }

    @Override
    public void frame(Connection c, FrameHeader header, ByteBuffer payload) {
      legs.get(index).frame(this, header, payload);
    }

    @Override
    public void closed(Connection c, String why) {
      legs.get(index).lanes.remove(this);
    }

    @Override
    public void answer(FrameHeader h, @Nullable ByteBuffer payload) {
      Connection c = connection;
      if (c == null) {
        return;
      }
      if (payload == null) {
        c.send(h);
        return;
      }
      Buf b = legBuffers.take(payload.remaining());
      b.bytes().put(0, payload, payload.position(), payload.remaining());
      c.send(h, b, 0, payload.remaining());
      b.release();
    }

    @Override
    public void close(String why) {
      if (connection != null) {
        connection.close(why);
      }
    }
  }
}
