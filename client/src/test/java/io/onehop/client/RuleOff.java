package io.onehop.client;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;

/** All rules but one. */
final class RuleOff {
  private RuleOff() {}

  static ClientRules without(String rule) {
    RecordComponent[] all = ClientRules.class.getRecordComponents();
    if (Arrays.stream(all).noneMatch(c -> c.getName().equals(rule))) {
      throw new IllegalArgumentException("no rule " + rule);
    }
    try {
      return ClientRules.class
          .getDeclaredConstructor(
              Arrays.stream(all).map(RecordComponent::getType).toArray(Class<?>[]::new))
          .newInstance(Arrays.stream(all).map(c -> !c.getName().equals(rule)).toArray());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
