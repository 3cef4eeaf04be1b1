package io.onehop.node.pool;

import java.lang.reflect.RecordComponent;

/** The rules with one of them off. */
final class Rules {
  private Rules() {}

  /** All but the one with this name. */
  static ControlRules without(String rule) {
    RecordComponent[] all = ControlRules.class.getRecordComponents();
    Object[] values = new Object[all.length];
    Class<?>[] types = new Class<?>[all.length];
    boolean found = false;
    for (int i = 0; i < all.length; i++) {
      types[i] = boolean.class;
      values[i] = !all[i].getName().equals(rule);
      found |= all[i].getName().equals(rule);
    }
    if (!found) {
      throw new AssertionError("no rule " + rule);
    }
    try {
      return ControlRules.class.getDeclaredConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
