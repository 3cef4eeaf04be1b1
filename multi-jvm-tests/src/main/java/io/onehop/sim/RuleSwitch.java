package io.onehop.sim;

import io.onehop.client.ClientRules;
import io.onehop.node.books.LegRules;
import io.onehop.node.pool.ControlRules;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;

/**
 * One rule turned off.
 *
 * @param name of the record and its component, e.g. {@code LegRules.barrier}
 * @param rules all rules but this one
 */
record RuleSwitch(String name, Rules rules) {

  /** Every switch that there is. */
  static List<RuleSwitch> all() {
    List<RuleSwitch> all = new ArrayList<>();
    Rules on = Rules.ALL;
    for (String c : components(LegRules.class)) {
      all.add(
          new RuleSwitch("LegRules." + c, new Rules(off(on.leg(), c), on.client(), on.control())));
    }
    for (String c : components(ClientRules.class)) {
      all.add(
          new RuleSwitch(
              "ClientRules." + c, new Rules(on.leg(), off(on.client(), c), on.control())));
    }
    for (String c : components(ControlRules.class)) {
      all.add(
          new RuleSwitch(
              "ControlRules." + c, new Rules(on.leg(), on.client(), off(on.control(), c))));
    }
    return all;
  }

  /** The switch with this name. */
  static RuleSwitch named(String name) {
    return all().stream()
        .filter(s -> s.name.equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no switch " + name));
  }

  private static List<String> components(Class<? extends Record> type) {
    List<String> names = new ArrayList<>();
    for (RecordComponent c : type.getRecordComponents()) {
      names.add(c.getName());
    }
    return names;
  }

  /** A copy of {@code rules} with one component false. */
  private static <R extends Record> R off(R rules, String name) {
    RecordComponent[] components = rules.getClass().getRecordComponents();
    Object[] values = new Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    try {
      for (int i = 0; i < components.length; i++) {
        types[i] = components[i].getType();
        values[i] =
            components[i].getName().equals(name)
                ? false
                : components[i].getAccessor().invoke(rules);
      }
      @SuppressWarnings("unchecked")
      Constructor<R> constructor = (Constructor<R>) rules.getClass().getDeclaredConstructor(types);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a record that cannot be copied: " + rules, e);
    }
  }
}
