package io.onehop.history;

/**
 * One operation on one unit.
 *
 * @param number of the operation, as in the file
 * @param read it returned {@code value}; otherwise it wrote it
 * @param value 0 for zeroes; {@link Stamp#FOREIGN} only for reads
 * @param invoked when it began
 * @param returned when it, if at all, had taken effect at the latest; Long.MAX_VALUE if never known
 * @param certain it took effect; a write that is not certain may never have
 * @param durable a write that no loss of power at the end of its era can undo
 * @param era how many losses of power came before it
 */
record UnitOp(
    long number,
    boolean read,
    int value,
    long invoked,
    long returned,
    boolean certain,
    boolean durable,
    int era) {
  /** The same write, not answered before {@code end}. */
  UnitOp unanswered(long end) {
    return new UnitOp(number, read, value, invoked, end, false, false, era);
  }
}
