package io.onehop.client;

/**
 * Switches for single rules of the protocol. Production runs with {@link #ALL}; the simulator turns
 * one off to show that it is needed: the engine then behaves like the naive form of that rule.
 *
 * @param countAfterAdoption rule 3.3: a write completes only when every leg of the write set has
 *     adopted the client's view; off: answers alone are enough
 * @param voidOldAnswers rule 3.3: answers of an older stint or incarnation do not count and are
 *     dropped at a new view; off: an answer once given counts for ever
 * @param watermarkOverWriteSet rule 3.6; off: the watermark means "complete on the in-sync legs"
 * @param holdFailedWrites rule 3.7: a write answered with an error stays in the table, locked; off:
 *     it is forgotten
 * @param flushWriteSet rule 3.8; off: only the in-sync legs are flushed
 * @param lease rule 5.4: reads only under the lease; off: always
 * @param leaseByWriteSet rule 5.4: only a single leg in the <em>write set</em> makes the lease
 *     needless; off: a single leg in sync does
 * @param sameSequence rule 3.3: requests are sent again with the same sequence number; off: with a
 *     new one
 * @param oldEpochAnswersDropped rules 3.3, 5.3: an answer given under an epoch that the session
 *     held before does not count, however late it comes; off: it does
 * @param resendAllOnResume rule 5.3: what was unanswered when the epoch ended is sent to all legs
 *     again under the next one; off: only to those that had not answered
 * @param erroredWritesLeaveOnResume rule 5.3: writes answered with an error leave the table with
 *     their epoch; off: they are driven on and keep their range locked
 * @param fencedForGood rule 5.3: a session that may not go on, or after which another was admitted,
 *     never tries to; off: it asks whatever the view says
 */
public record ClientRules(
    boolean countAfterAdoption,
    boolean voidOldAnswers,
    boolean watermarkOverWriteSet,
    boolean holdFailedWrites,
    boolean flushWriteSet,
    boolean lease,
    boolean leaseByWriteSet,
    boolean sameSequence,
    boolean oldEpochAnswersDropped,
    boolean resendAllOnResume,
    boolean erroredWritesLeaveOnResume,
    boolean fencedForGood) {
  /** Every rule on. */
  public static final ClientRules ALL =
      new ClientRules(true, true, true, true, true, true, true, true, true, true, true, true);
}
