package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.Policies;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Transport.Listening;
import io.onehop.transport.tcp.DataLoop;
import io.onehop.transport.tcp.TcpTransport;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The public API over TCP, against fake legs on a loop of their own. */
final class VolumeTest {
  private final AtomicReference<Throwable> died = new AtomicReference<>();
  private final DataLoop loop = new DataLoop("fake-legs", died::set);
  private final BufPool buffers = new BufPool(8 << 20);
  private final List<Endpoint> endpoints = new ArrayList<>();
  private final List<@Nullable FakeLeg> legs = new ArrayList<>();

  @BeforeEach
  void start() {
    loop.start();
    FakePool pool =
        loop.call(() -> {
          TcpTransport tcp = new TcpTransport(loop);
          for (int i = 0; i < 3; i++) {
            int index = i;
            Listening l = tcp.listen(new Endpoint("127.0.0.1", 0), () -> new Tcp(index));
            endpoints.add(l.at());
          }
          FakePool p = new FakePool(endpoints, FakePool.STORE, Policies.DEFAULT, ClientRules.ALL);
          legs.addAll(p.legs);
          return p;
        });
    assertThat(pool.legs).hasSize(3);
  }

  @AfterEach
  void stop() {
    loop.close();
    assertThat(died.get()).isNull();
  }

  private VolumeSettings settings() {
    return VolumeSettings.of("p", endpoints)
        .withPayloadChecksums(true)
        .withAttachWait(TimeUnit.SECONDS.toNanos(20));
  }

  @Test
  void readsWhatWasWrittenAndDetaches() throws Exception {
    Volume v = Volume.attach(settings());
    assertThat(v.sizeBytes()).isEqualTo(FakePool.STORE);
    v.write(10, false, ByteBuffer.wrap(new byte[] {1, 2, 3}), ByteBuffer.wrap(new byte[] {4}))
        .get();
    ByteBuffer a = ByteBuffer.allocate(2);
    ByteBuffer b = ByteBuffer.allocate(4);
    v.read(10, a, b).get();
    assertThat(a.array()).containsExactly(1, 2);
    assertThat(b.array()).containsExactly(3, 4, 0, 0);
    v.writeZeroes(11, 1, true, true).get();
    v.trim(0, 8192).get();
    v.flush().get();
    ByteBuffer c = ByteBuffer.allocate(4);
    v.read(10, c).get();
    assertThat(c.array()).containsExactly(0, 0, 0, 0);
    assertThatThrownBy(() -> v.read(FakePool.STORE - 1, ByteBuffer.allocate(2)).get())
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(VolumeException.class);
    long open = v.onLoop(e -> e.counters().connects()).get();
    assertThat(open).isGreaterThanOrEqualTo(3);
    v.close();
    assertThat(v.ended().get()).isEqualTo("detached");
    assertThatThrownBy(() -> v.flush().get()).hasMessageContaining("detached");
  }

  @Test
  void manyWritesFromManyThreads() throws Exception {
    Volume v = Volume.attach(settings());
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      ByteBuffer d = ByteBuffer.allocate(4096).putInt(0, i);
      all.add(v.write((i & 511) * 4096L, false, d));
    }
    CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get();
    ByteBuffer d = ByteBuffer.allocate(4);
    v.read(5 * 4096, d).get();
    assertThat(d.getInt(0)).isEqualTo(1536 + 5);
    v.close();
  }

  @Test
  void nobodyThereIsAnErrorInTime() {
    VolumeSettings s =
        VolumeSettings.of("other", List.of(new Endpoint("127.0.0.1", 1)))
            .withAttachWait(TimeUnit.MILLISECONDS.toNanos(300));
    assertThatThrownBy(() -> Volume.attach(s))
        .isInstanceOf(VolumeException.class)
        .hasMessageContaining("could not attach")
        .hasMessageContaining("127.0.0.1:1");
  }

  /** A fake leg's end of a TCP connection. */
  private final class Tcp implements ConnectionListener, FakeLeg.Peer {
    private final int index;
    private @Nullable Connection connection;

    Tcp(int index) {
      this.index = index;
    }

    private FakeLeg leg() {
      FakeLeg l = legs.get(index);
      if (l == null) {
        throw new AssertionError("connected before the pool was there");
      }
      return l;
    }

    @Override
    public void connected(Connection c) {
      connection = c;
      leg().lanes.add(this);
    }

    @Override
    public void frame(Connection c, FrameHeader header, ByteBuffer payload) {
      leg().frame(this, header, payload);
    }

    @Override
    public void closed(Connection c, String why) {
      leg().lanes.remove(this);
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
      Buf b = buffers.take(payload.remaining());
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
