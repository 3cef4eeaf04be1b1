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
  LEG_AND_CLIENT_KILLED("leg and client killed together"),
  ALL_KILLED("all killed"),
  UNKNOWN_VIEW("a chosen view that nobody knows");

  private final String text;

  Situation(String text) {
    this.text = text;
  }

  /** In words. */
  String text() {
    return text;
  }
}
