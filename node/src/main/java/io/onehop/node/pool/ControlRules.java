package io.onehop.node.pool;

/**
 * Switches of the simulator: each one off puts the naive form of a rule in its place, which some
 * run must then catch (the number after the dagger is the trace that broke the naive form).
 * Production always uses {@link #ALL}.
 *
 * @param exactGeneration off: a change that lost its compare-and-set is repeated on the newer view
 *     as it was decided, which may empty the in-sync set (rules 1.3, 1.4, †18)
 * @param chosenOnly off: what a node merely accepted is adopted (rule 1.1, †19)
 * @param endsByReconciling off: a session ends straight into phase ready (rule 5.1, †16)
 * @param unionFirst off: the authority copies before all legs carry the union (rule 7.2, †11)
 * @param leaseWait off: a session is admitted at once after an unclosed one (rule 5.4, †17)
 * @param livingLegFirst off: a restarted leg cold starts though an in-sync leg lives (rule 8.4,
 *     †14b)
 * @param coldStartEndsSession off: a cold start leaves writer and epoch as they are (rule 8.4,
 *     †14c)
 * @param promotionExactGeneration off: a healed leg is promoted in whatever generation is the
 *     newest (rule 6.9)
 * @param neverStraightInSync off: a stale leg that misses nothing by its own books is called in
 *     sync at once (rule 6.3)
 * @param takeoverBars off: a session ended by takeover may be admitted again, and is, before the
 *     one that took over (rule 5.1)
 * @param resumeOnlyLast off: a session that held the pool before is admitted as if it were new,
 *     although another one was admitted since (rule 5.3)
 * @param leaseNamesVoters off: a voter renews a lease whatever voter list it was asked for (rule
 *     5.4)
 * @param steadyReturn off: a leg that answers now and then returns after each back-off (rule 1.5)
 * @param lineageBinds off: messages and votes of another lineage are taken (rule 8.6)
 * @param bothMajorities off: a view with other voters is chosen by its predecessor's majority alone
 *     (rule 1.1)
 * @param sameVoterOnly off: a vote counts for whoever had its place in the list, also one of a disk
 *     that was replaced or rolled back (rule 1.2)
 * @param keptOutStays off: a majority of a lineage that was left behind goes on in it although it
 *     has heard of the other (rule 8.6)
 */
public record ControlRules(
    boolean exactGeneration,
    boolean chosenOnly,
    boolean endsByReconciling,
    boolean unionFirst,
    boolean leaseWait,
    boolean livingLegFirst,
    boolean coldStartEndsSession,
    boolean promotionExactGeneration,
    boolean neverStraightInSync,
    boolean takeoverBars,
    boolean resumeOnlyLast,
    boolean leaseNamesVoters,
    boolean steadyReturn,
    boolean lineageBinds,
    boolean bothMajorities,
    boolean sameVoterOnly,
    boolean keptOutStays) {

  /** Every rule on. */
  public static final ControlRules ALL =
      new ControlRules(
          true, true, true, true, true, true, true, true, true, true, true, true, true, true, true,
          true, true);
}
