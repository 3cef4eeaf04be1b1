package io.onehop.sim;

import io.onehop.client.ClientRules;
import io.onehop.node.books.LegRules;
import io.onehop.node.pool.ControlRules;

/** Which rules hold in a run: all of them, unless a test wants to see one missed. */
record Rules(LegRules leg, ClientRules client, ControlRules control) {
  static final Rules ALL = new Rules(LegRules.ALL, ClientRules.ALL, ControlRules.ALL);
}
