package io.onehop.history;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whether the operations on one unit can be put in an order, over all losses of power. */
final class RegisterOrder {
  private static final int ZERO = Stamp.ZERO;

  private RegisterOrder() {}

  /**
   * Decides.
   *
   * @param all operations on one unit; no value but zeroes is written twice
   * @param eras how many eras there are
   */
  static boolean exists(List<UnitOp> all, int eras) {
    for (UnitOp op : all) {
      if (op.value() == Stamp.FOREIGN) {
        return false;
      }
    }
    if (eras == 1) {
      return new EraOrder(all, ZERO).exists();
    }
    List<List<UnitOp>> byEra = new ArrayList<>();
    for (int era = 0; era < eras; era++) {
      byEra.add(new ArrayList<>());
    }
    all.forEach(op -> byEra.get(op.era()).add(op));
    int[] survivors = survivors(byEra);
    if (survivors.length == 0) {
      return false;
    }
    int initial = ZERO;
    for (int era = 0; era < eras; era++) {
      EraOrder order = new EraOrder(byEra.get(era), initial);
      int survivor = survivors[era];
      if (survivor > ZERO) {
        if (!order.existsWithLast(survivor)) {
          return false;
        }
        initial = survivor;
      } else if (era + 1 < eras && order.existsWithLast(ZERO)) {
        // Nobody saw what it was; zeroes leave the next era most freedom.
        initial = ZERO;
      } else if (order.exists()) {
        initial = EraOrder.UNSEEN;
      } else {
        return false;
      }
    }
    return true;
  }

  /**
   * The value, not zeroes, that must have survived each era because a later one reads it; 0 where
   * none must. Empty if two must have.
   */
  private static int[] survivors(List<List<UnitOp>> byEra) {
    int[] survivors = new int[byEra.size()];
    Map<Integer, Integer> writtenIn = new HashMap<>();
    for (int era = 0; era < byEra.size(); era++) {
      for (UnitOp op : byEra.get(era)) {
        if (!op.read()) {
          writtenIn.put(op.value(), era);
        }
      }
      for (UnitOp op : byEra.get(era)) {
        Integer from = op.read() && op.value() != ZERO ? writtenIn.get(op.value()) : null;
        for (int past = from == null ? era : from; past < era; past++) {
          if (survivors[past] != 0 && survivors[past] != op.value()) {
            return new int[0];
          }
          survivors[past] = op.value();
        }
      }
    }
    return survivors;
  }
}
