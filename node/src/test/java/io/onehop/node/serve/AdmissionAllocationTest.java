package io.onehop.node.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.onehop.node.books.FakeDisk;
import io.onehop.node.books.LegBooks;
import io.onehop.node.books.LegRules;
import io.onehop.node.books.MediaErrors;
import io.onehop.node.books.Ops;
import io.onehop.node.books.Speech;
import io.onehop.node.books.TestLoop;
import io.onehop.node.books.TestViews;
import io.onehop.node.store.FileLegDisk;
import io.onehop.node.store.LegStoreFormat;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.BufPool;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From the frame to the answer, on a real store: nothing is allocated per request. */
final class AdmissionAllocationTest {
  private static final int B = FakeDisk.BLOCK;
  private static final int WARM = 20_000;
  private static final int MEASURED = 20_000;

  @TempDir Path dir;

  private final PoolView view = TestViews.written(TestViews.first(2));
  private final FrameHeader h = new FrameHeader();
  private final ByteBuffer payload = ByteBuffer.allocateDirect(B);
  private long sequence;

  @Test
  void writesAndReads() throws IOException {
    LegStoreFormat.create(
        new LegStoreFormat.Creation(
            dir.resolve("leg"),
            null,
            TestViews.POOL,
            "p",
            TestViews.id(0),
            TestViews.LINEAGE,
            (long) TestViews.BLOCKS * B,
            4096,
            false));
    try (FileLegDisk disk =
        LegStoreFormat.open(dir.resolve("leg"), TestViews.POOL, TestViews.id(0), () -> {})) {
      LegBooks books = new LegBooks(disk, LegRules.ALL, TestViews.id(0), 100);
      books.start(TestViews.BOOT);
      books.adopt(view);
      Ops ops = new Ops(disk, books.unsynced, () -> {});
      BufPool bufs = new BufPool(1 << 20);
      TestLoop loop = new TestLoop();
      Consumer<String> never =
          why -> {
            throw new AssertionError(why);
          };
      Admission admission =
          new Admission(
              books,
              ops,
              new Speech(bufs),
              loop,
              (at, length) -> {},
              new MediaErrors(books, ops, bufs, loop, never),
              never);
      TestConnection c = new TestConnection();
      c.countOnly = true;
      ClientLink link = new ClientLink(c, TestViews.SESSION, 0, 1, 1, Integer.MAX_VALUE);
      run(admission, link, WARM);
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = threads.getCurrentThreadAllocatedBytes();
      run(admission, link, MEASURED);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertThat(c.count).isEqualTo(2 * (WARM + MEASURED));
      // Whole test: what the measuring itself and a late compilation may cost.
      assertThat(allocated).isLessThan(2L * MEASURED);
    }
  }

  private void run(Admission admission, ClientLink link, int rounds) {
    for (int i = 0; i < rounds; i++) {
      sequence++;
      frame(FrameType.WRITE, sequence, sequence % TestViews.BLOCKS);
      h.payloadBytes = B;
      admission.request(link, h, payload.clear());
      frame(FrameType.READ, sequence, sequence * 7 % TestViews.BLOCKS);
      admission.request(link, h, payload.clear().limit(0));
    }
  }

  private void frame(int type, long id, long block) {
    h.clear();
    h.type = type;
    h.handle = 1;
    h.sequence = id;
    h.generation = view.generation();
    h.epoch = view.epoch();
    h.watermark = Math.max(0, id - 32);
    h.offset = block * B;
    h.length = B;
  }
}
