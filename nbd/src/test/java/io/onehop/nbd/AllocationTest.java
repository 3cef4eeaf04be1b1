package io.onehop.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.BlockDevice;
import io.onehop.nbd.wire.Nbd;
import io.onehop.transport.Buf;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server allocates nothing per request once it is warm. */
@Timeout(60)
class AllocationTest {
  private static final int DEPTH = 32;
  private static final int ROUNDS = 2000;

  /** Completes everything later in the turn, last first, without allocating. */
  private static final class LateDevice implements BlockDevice, Runnable {
    private final Loop loop;
    private final Completion[] waiting = new Completion[1024];
    private final Buf[] held = new Buf[1024];
    private int count;

    LateDevice(Loop loop) {
      this.loop = loop;
    }

    @Override
    public void run() {
      while (count > 0) {
        Completion done = waiting[--count];
        held[count].release();
        done.complete(Status.OK);
      }
    }

    private void add(Buf buf, Completion done) {
      if (count == 0) {
        loop.execute(this);
      }
      held[count] = buf.retain();
      waiting[count++] = done;
    }

    @Override
    public long sizeBytes() {
      return 1 << 30;
    }

    @Override
    public void read(long offset, int length, Buf into, int at, Completion done) {
      into.bytes().putLong(at, 1);
      add(into, done);
    }

    @Override
    public void write(long offset, int length, Buf from, int at, boolean fua, Completion done) {
      add(from, done);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean punch, boolean fua, Completion done) {
      done.complete(Status.OK);
    }

    @Override
    public void trim(long offset, long length, boolean fua, Completion done) {
      done.complete(Status.OK);
    }

    @Override
    public void flush(Completion done) {
      done.complete(Status.OK);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void nothingPerRequest(boolean structured) throws Exception {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Running r = Running.tcp(LateDevice::new);
        RawSocket s = RawSocket.transmitting(r, structured, false)) {
      ByteBuffer requests = ByteBuffer.allocateDirect(DEPTH * (28 + 4096));
      int answer = 0;
      for (int i = 0; i < DEPTH; i++) {
        boolean read = i % 2 == 0;
        requests.putInt(Nbd.REQUEST_MAGIC).putInt(read ? Nbd.CMD_READ : Nbd.CMD_WRITE);
        requests.putLong(i).putLong(4096L * i).putInt(4096);
        requests.position(requests.position() + (read ? 0 : 4096));
        answer += (read ? 4096 + (structured ? 28 : 16) : 16);
      }
      requests.flip();
      ByteBuffer answers = ByteBuffer.allocateDirect(answer);
      long thread = r.loop.call(() -> Thread.currentThread().threadId());
      long before = 0;
      for (int round = 0; round < 2 * ROUNDS; round++) {
        if (round == ROUNDS) {
          before = threads.getThreadAllocatedBytes(thread);
        }
        requests.rewind();
        while (requests.hasRemaining()) {
          s.channel.write(requests);
        }
        answers.clear();
        while (answers.hasRemaining()) {
          assertThat(s.channel.read(answers) > 0).isTrue();
        }
      }
      long perRequest = (threads.getThreadAllocatedBytes(thread) - before) / (ROUNDS * DEPTH);
      assertThat(perRequest).as("bytes allocated per request").isZero();
    }
  }
}
