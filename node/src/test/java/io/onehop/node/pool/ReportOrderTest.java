package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Reports that overtake each other. */
class ReportOrderTest {
  private static final long S = 1_000_000_000L;

  private final ReportOrder order = new ReportOrder();

  private boolean isNew(long process, long number, long at) {
    return order.isNew(
        new PoolMessage.Report(
            Views.POOL,
            1,
            process,
            number,
            101,
            1,
            0,
            0,
            0,
            null,
            0,
            false,
            false,
            0,
            0,
            0,
            0,
            -1,
            List.of(),
            0,
            ""),
        at);
  }

  @Test
  void aLaterOneOfTheSameRunCounts() {
    assertEquals(true, isNew(5, 1, 0));
    assertEquals(true, isNew(5, 3, 0));
    assertEquals(false, isNew(5, 2, 0));
    assertEquals(false, isNew(5, 3, 0));
    assertEquals(true, isNew(5, 4, 0));
  }

  @Test
  void oneOfARunThatHasEndedDoesNot() {
    assertEquals(true, isNew(5, 9, 0));
    assertEquals(true, isNew(6, 1, S));
    assertEquals(false, isNew(5, 10, 2 * S));
    assertEquals(true, isNew(6, 2, 3 * S));
  }

  @Test
  void aLivingRunIsNotShutOutForEver() {
    assertEquals(true, isNew(6, 1, 0)); // the newer run's first report came first
    assertEquals(true, isNew(5, 99, 0)); // and then a late one of the older
    assertEquals(false, isNew(6, 2, S));
    assertEquals(true, isNew(6, 20, 11 * S));
  }
}
