package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/** Administrative requests to one member that wait for their answers. Not thread-safe. */
final class Errands {
  private static final int MAX_VERIFICATIONS = 4;

  private final Map<Long, PoolMember.Answer> changes = new TreeMap<>();
  private final Map<UUID, Consumer<LegEdge.Verified>> verifications = new TreeMap<>();
  private long tokens;

  /** A change is asked for: its token. */
  long begin(PoolMember.Answer answer) {
    changes.put(++tokens, answer);
    return tokens;
  }

  void answered(PoolEffect.AnswerChange a) {
    PoolMember.Answer answer = changes.remove(a.token());
    if (answer != null) {
      answer.answered(a.done(), a.text());
    }
  }

  /** A comparison is asked for; says whether it may begin, or has told why not. */
  boolean begin(UUID request, boolean inSync, Consumer<LegEdge.Verified> done) {
    String error = "";
    if (!inSync) {
      error = "this node's leg is not in sync; ask another node";
    } else if (verifications.size() >= MAX_VERIFICATIONS) {
      error = "too many comparisons run; try again";
    }
    if (!error.isEmpty()) {
      done.accept(new LegEdge.Verified(request, 0, List.of(), error));
      return false;
    }
    verifications.put(request, done);
    return true;
  }

  void verified(LegEdge.Verified v) {
    Consumer<LegEdge.Verified> done = verifications.remove(v.request());
    if (done != null) {
      done.accept(v);
    }
  }
}
