package io.onehop.node.books;

/**
 * Switches for single rules of the leg, so that the simulator can show that each is needed. Off
 * means the naive form. Production code uses {@link #ALL}.
 *
 * @param recordFirst rule 3.1: the unconfirmed entry precedes the store write
 * @param barrier rule 2.1: admitted operations finish before a view is adopted
 * @param markAtAdoption rule 2.2: the unconfirmed set goes to the map of newly absent members
 * @param sinceDecides rule 2.2, 2.3: <em>since</em> tells newly absent members and new stints, not
 *     a comparison of two successive states
 * @param syncingMovesOwn rule 2.4: a syncing leg's unconfirmed set becomes own-missing at a new
 *     epoch
 * @param forgetFresh rule 2.4: a syncing leg forgets fresh and healed blocks at a new epoch
 * @param forgetMaps rule 2.4: a syncing leg asks for the maps again after a new epoch
 * @param suspectsDurable rule 6.2: suspects are in own-missing, durably, before anything else
 * @param marksSurvive rule 3.2: miss marks survive the process
 * @param duplicates rule 3.4: a write already recorded or confirmed is not applied again
 * @param unionIntoMaps rule 7.2: the union is marked for every member not in sync
 * @param unionRecorded rule 7.2: every in-sync leg records the union before the first copy
 * @param unconfirmedKept rule 7.3: unconfirmed sets are emptied at ready, not earlier
 * @param mapGeneration rule 6.4: a map is of the very generation asked for
 * @param allMapsFirst rule 6.4: nothing counts as clean before all maps have come
 * @param fetchChecked rule 6.5: a fetch answer of another generation, or overtaken by a write, is
 *     dropped
 * @param clearChecked rule 6.7: clears are bound to generation, since and incarnation
 * @param generationDurable rule 2.5: the adopted generation never goes back
 * @param suspectsToMaps rule 8.4: a cold start's authority marks its suspects for every other
 *     member
 * @param mediaErrorWithUnconfirmedFails rule 4.3: a leg that cannot read back what it has answered
 *     for fails; off heals it from a peer that may not have it yet
 * @param mediaKept rules 4.3, 8.4: blocks lost to the medium are neither emptied nor marked for the
 *     others by a cold start
 * @param doubtTravels rule 6.6: fetched blocks are unconfirmed where they arrive (†10)
 * @param thirdLegMaps rule 6.8: a syncing leg takes over its peers' maps of other absent legs (†7)
 * @param mapsBeforeReads rule 4.2: a syncing leg serves no read before all maps have come
 */
public record LegRules(
    boolean recordFirst,
    boolean barrier,
    boolean markAtAdoption,
    boolean sinceDecides,
    boolean syncingMovesOwn,
    boolean forgetFresh,
    boolean forgetMaps,
    boolean suspectsDurable,
    boolean marksSurvive,
    boolean duplicates,
    boolean unionIntoMaps,
    boolean unionRecorded,
    boolean unconfirmedKept,
    boolean mapGeneration,
    boolean allMapsFirst,
    boolean fetchChecked,
    boolean clearChecked,
    boolean generationDurable,
    boolean suspectsToMaps,
    boolean mediaErrorWithUnconfirmedFails,
    boolean mediaKept,
    boolean doubtTravels,
    boolean thirdLegMaps,
    boolean mapsBeforeReads) {

  /** Every rule on. */
  public static final LegRules ALL =
      new LegRules(
          true, true, true, true, true, true, true, true, true, true, true, true, true, true, true,
          true, true, true, true, true, true, true, true, true);
}
