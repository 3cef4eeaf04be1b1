package io.onehop.sim;

/**
 * What a run went through; each must be met by some seed, or the simulator proves less than it
 * says.
 */
enum Situation {
  KILLED_WITH_WRITE_THERE_ONLY("leg killed with a write applied there only"),
  KILLED_DURING_MAPS("killed during map transfer"),
  KILLED_DURING_HEAL("killed during a heal"),
  KILLED_BEFORE_PROMOTION("killed between heal and promotion"),
  VIEW_SKIPPED("view skipped by a leg"),
  WRITE_ACROSS_ADOPTION("admitted write across an adoption"),
  SAME_INCARNATION_RETURNED("return with the same incarnation"),
  CLIENT_KILLED_ONE_LEG("client killed with writes on one leg only"),
  CLIENT_KILLED_SYNCING_LEG("client killed with writes on a syncing leg only"),
  AUTHORITY_KILLED("authority killed while reconciling"),
  AUTHORITY_KILLED_MID_COPY("authority of three legs killed with the union copied to some"),
  LEG_AND_CLIENT_KILLED("leg and client killed together"),
  ALL_KILLED("all killed"),
  UNKNOWN_VIEW("a chosen view that nobody knows"),
  TWO_LEGS_AWAY("two legs away at once"),
  THIRD_LEG_MAP("leg promoted with its peers' map of a third one that is away"),
  EVEN_VOTERS("view chosen by an even number of voters"),
  SETTINGS_CHANGED("settings changed"),
  ONE_WAY_CUT("one-way cut"),
  PARTITION("everybody cut into two sides"),
  GRAY_LEG("leg that is slow now and then"),
  RESUMED("session resumed"),
  TAKEOVER_OF_THE_LIVING("takeover of a living client"),
  TAKEOVER_OF_THE_PAUSED("takeover of a paused client"),
  COLD_START_UNDER_CLIENT("cold start under a living client"),
  DETACHED_WHILE_HEALING("orderly detach while a leg heals"),
  DETACHED_WITHOUT_A_LEG("orderly detach with a leg missing"),
  SECOND_REFUSED("second client refused"),
  READ_BY_SYNCING_LEG("read served by a syncing leg"),
  MEDIA_ERROR("block that a leg in sync cannot read"),
  DISK_FAILED("leg that ended because of its disk"),
  LEASE_LOST("read held back for want of a lease"),
  FORCED("forced promotion that lost nothing"),
  FORCED_WITH_LOSS("forced promotion that gave up acknowledged writes"),
  BOTH_LINEAGES("writes acknowledged in an old lineage after a newer one began"),
  CAME_ALONG("leg that came along into a new lineage"),
  REJOINED("kept-out member taken in again with an empty disk"),
  REPLACED("disk replaced by an empty one"),
  NEW_DISK_IN_SYNC("replaced disk in sync"),
  OLD_DISK_BACK("disk that was replaced back in its place"),
  ROLLED_BACK("vote rolled back and noticed");

  private final String text;

  Situation(String text) {
    this.text = text;
  }

  /** In words. */
  String text() {
    return text;
  }
}
