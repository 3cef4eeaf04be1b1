package io.onehop.node.books;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Overlapping operations on a disk that answers late, in any order (rules 3.4, 6.5). */
final class OpsTest {
  private static final int B = FakeDisk.BLOCK;

  private final FakeDisk disk =
      new FakeDisk(64, TestViews.POOL, TestViews.id(0), TestViews.LINEAGE, TestViews.BOOT);
  private final BufPool bufs = new BufPool(1 << 20);
  private final List<String> ended = new ArrayList<>();
  private int idles;
  private final Ops ops = new Ops(disk, () -> idles++);

  private void write(int block, int blocks, long value) {
    Ops.Op op = ops.take();
    op.kind = Ops.Kind.WRITE;
    op.offset = (long) block * B;
    op.length = (long) blocks * B;
    op.owner = (o, s) -> ended.add("w" + value);
    ByteBuffer payload = ByteBuffer.allocate(blocks * B);
    for (int i = 0; i < blocks; i++) {
      payload.putLong(i * B, value);
    }
    ops.submit(op, payload, this::copy);
    // The transport's buffer is used again after the call.
    for (int i = 0; i < blocks; i++) {
      payload.putLong(i * B, -1);
    }
  }

  private Buf copy(ByteBuffer payload) {
    Buf b = bufs.take(payload.remaining());
    b.bytes().clear().put(payload.duplicate());
    return b;
  }

  private void read(int block, List<Long> seen) {
    Ops.Op op = ops.take();
    op.kind = Ops.Kind.READ;
    op.offset = (long) block * B;
    op.length = B;
    op.buf = bufs.take(B);
    op.from = 0;
    op.owner =
        (o, s) -> {
          ended.add("r" + block);
          seen.add(java.util.Objects.requireNonNull(o.buf).bytes().getLong(0));
        };
    ops.submit(op, null, this::copy);
  }

  @Test
  void overlappingWritesAreStoredInOrderOfAdmissionAndNeverTogether() {
    disk.late = true;
    write(0, 4, 1);
    write(2, 4, 2);
    write(3, 1, 3);
    write(10, 1, 4);
    assertThat(disk.underWay()).isEqualTo(2);
    assertThat(ops.writing(10L * B, B)).isTrue();
    assertThat(ops.writing(11L * B, B)).isFalse();
    while (ops.inProgress() > 0) {
      assertThat(idles).isZero();
      assertThat(disk.completeNext()).isTrue();
    }
    assertThat(idles).isEqualTo(1);
    assertThat(disk.data[1]).isEqualTo(1);
    assertThat(disk.data[2]).isEqualTo(2);
    assertThat(disk.data[3]).isEqualTo(3);
    assertThat(ended).containsSubsequence("w1", "w2", "w3");
  }

  @Test
  void readsSeeEarlierWritesAndHoldUpLaterOnes() {
    disk.late = true;
    List<Long> seen = new ArrayList<>();
    write(5, 1, 7);
    read(5, seen);
    read(5, seen);
    write(5, 1, 8);
    while (disk.completeNext()) {}
    assertThat(seen).containsExactly(7L, 7L);
    assertThat(disk.data[5]).isEqualTo(8);
    assertThat(ops.inProgress()).isZero();
    assertThat(bufs.outstanding()).isZero();
  }

  @Test
  void anyMixEndsAsIfOneAfterTheOther() {
    Random random = new Random(4);
    long[] model = new long[64];
    disk.late = true;
    for (int i = 1; i <= 3000; i++) {
      int block = random.nextInt(60);
      int blocks = 1 + random.nextInt(4);
      write(block, blocks, i);
      java.util.Arrays.fill(model, block, block + blocks, i);
      for (int n = random.nextInt(3); n > 0; n--) {
        disk.completeNext();
      }
    }
    while (disk.completeNext()) {}
    assertThat(disk.data).isEqualTo(model);
    assertThat(ops.inProgress()).isZero();
    assertThat(bufs.outstanding()).isZero();
  }
}
