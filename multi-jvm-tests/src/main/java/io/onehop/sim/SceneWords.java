package io.onehop.sim;

import io.onehop.node.leg.LegEdge;
import io.onehop.sim.script.ScriptError;
import io.onehop.transport.FrameType;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The words of scenario texts for frames, edges and changes of a disk: the code's own names. */
final class SceneWords {
  private static final Map<String, Integer> FRAMES = frames();
  private static final Map<String, Class<?>> EDGES = edges();
  private static final Map<String, Integer> CHANGES = changes();

  private SceneWords() {}

  private static Map<String, Integer> frames() {
    Map<String, Integer> names = new LinkedHashMap<>();
    for (Field f : FrameType.class.getFields()) {
      if (Modifier.isStatic(f.getModifiers()) && !f.getName().startsWith("FLAG_")) {
        try {
          names.put(f.getName().toLowerCase(Locale.ROOT).replace('_', ' '), f.getInt(null));
        } catch (IllegalAccessException e) {
          throw new IllegalStateException(e);
        }
      }
    }
    return names;
  }

  private static Map<String, Class<?>> edges() {
    Map<String, Class<?>> names = new LinkedHashMap<>();
    for (Class<?> c : LegEdge.class.getPermittedSubclasses()) {
      String words = c.getSimpleName().replaceAll("(?<=[a-z])(?=[A-Z])", " ");
      names.put(words.toLowerCase(Locale.ROOT), c);
    }
    return names;
  }

  private static Map<String, Integer> changes() {
    Map<String, Integer> names = new LinkedHashMap<>();
    names.put("store", KillSwitch.WRITE);
    names.put("unconfirmed entry", KillSwitch.LOG);
    names.put("own-missing mark", KillSwitch.OWN_ADD);
    names.put("own-missing removal", KillSwitch.OWN_REMOVE);
    names.put("miss map change", KillSwitch.MISS_MAP);
    names.put("carried mark", KillSwitch.CARRIED);
    names.put("superblock", KillSwitch.SUPERBLOCK);
    names.put("vote", KillSwitch.VOTE);
    names.put("store sync", KillSwitch.SYNC);
    return names;
  }

  static int frame(String words) {
    return known("frames", FRAMES, words);
  }

  static Class<?> edge(String words) {
    return known("edges", EDGES, words);
  }

  static int change(String words) {
    return known("changes of a disk", CHANGES, words);
  }

  static List<String> changeWords() {
    return List.copyOf(CHANGES.keySet());
  }

  private static <T> T known(String what, Map<String, T> names, String words) {
    @Nullable T t = names.get(words);
    if (t == null) {
      throw new ScriptError(what + " are: " + String.join(", ", names.keySet()));
    }
    return t;
  }
}
