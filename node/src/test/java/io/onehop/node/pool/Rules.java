package io.onehop.node.pool;

import java.lang.reflect.RecordComponent;
import java.util.List;

/** The rules with one or more of them off. */
final class Rules {
  private Rules() {}

  /** All but those with these names. */
  static ControlRules without(String... rules) {
    List<String> off = List.of(rules);
    RecordComponent[] all = ControlRules.class.getRecordComponents();
    Object[] values = new Object[all.length];
    Class<?>[] types = new Class<?>[all.length];
    int found = 0;
    for (int i = 0; i < all.length; i++) {
      types[i] = boolean.class;
      values[i] = !off.contains(all[i].getName());
      found += off.contains(all[i].getName()) ? 1 : 0;
    }
    if (found != off.size()) {
      throw new AssertionError("no such rules: " + off);
    }
    try {
      return ControlRules.class.getDeclaredConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
