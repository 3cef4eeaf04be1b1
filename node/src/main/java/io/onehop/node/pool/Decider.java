package io.onehop.node.pool;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One rule for changing the view. Asked again whenever something changed and no proposal is under
 * way, so it decides from what is known now and forgets nothing by losing a compare-and-set.
 */
interface Decider {
  /** The change that is needed now on {@code k.view()}, which is known, or null. */
  @Nullable Proposal decide(Knowledge k, List<PoolEffect> out);
}
