package io.onehop.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.onehop.protocol.model.Endpoint;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns a HOCON file into {@link NodeSettings}; every error names the file, the key and the line.
 */
final class SettingsReader {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final Set<String> ROOT_KEYS = Set.of("onehop", "pekko");
  private static final Set<String> KEYS =
      Set.of("name", "data-folder", "pid-file", "log", "nodes", "test");
  private static final Set<String> TEST_KEYS = Set.of("store-faults");
  private static final Set<String> LOG_KEYS = Set.of("file", "level");
  private static final Set<String> NODE_KEYS = Set.of("name", "control", "data", "api");
  private static final Set<String> LEVELS = Set.of("error", "warn", "info", "debug");

  private final Path file;

  SettingsReader(Path file) {
    this.file = file;
  }

  NodeSettings read() throws ConfigError {
    ConfigObject root = parse().root();
    onlyKeys(root, "", ROOT_KEYS);
    ConfigObject onehop = object(root, "", "onehop");
    onlyKeys(onehop, "onehop.", KEYS);
    String name = name(onehop, "onehop.", "name");
    List<NodeAddress> nodes = nodes(onehop);
    if (nodes.stream().noneMatch(n -> n.name().equals(name))) {
      throw error(
          onehop.get("name"), "onehop.name", "'" + name + "' is not in the list onehop.nodes");
    }
    Path dataFolder = path(onehop, "onehop.", "data-folder");
    if (Files.exists(dataFolder) && !Files.isDirectory(dataFolder)) {
      throw error(onehop.get("data-folder"), "onehop.data-folder", dataFolder + " is not a folder");
    }
    ConfigValue pekko = root.get("pekko");
    if (pekko != null && pekko.valueType() != ConfigValueType.OBJECT) {
      throw error(pekko, "pekko", "must be a block { … }");
    }
    return new NodeSettings(
        file,
        name,
        dataFolder,
        path(onehop, "onehop.", "pid-file"),
        log(onehop),
        nodes,
        storeFaults(onehop),
        pekko == null ? ConfigFactory.empty() : root.toConfig().withOnlyPath("pekko"));
  }

  private Config parse() throws ConfigError {
    if (!Files.isRegularFile(file)) {
      throw new ConfigError(file + ": no such configuration file");
    }
    try {
      return ConfigFactory.parseFile(
              file.toFile(),
              ConfigParseOptions.defaults().setAllowMissing(false).setSyntax(ConfigSyntax.CONF))
          .resolve();
    } catch (ConfigException e) {
      String why = String.valueOf(e.getMessage()).replace('\n', ' ');
      throw new ConfigError(why.contains(file.toString()) ? why : file + ": " + why);
    }
  }

  private NodeSettings.LogSettings log(ConfigObject onehop) throws ConfigError {
    if (!onehop.containsKey("log")) {
      return new NodeSettings.LogSettings(null, "info");
    }
    ConfigObject log = object(onehop, "onehop.", "log");
    onlyKeys(log, "onehop.log.", LOG_KEYS);
    String level =
        log.containsKey("level")
            ? text(log, "onehop.log.", "level").toLowerCase(Locale.ROOT)
            : "info";
    if (!LEVELS.contains(level)) {
      throw error(
          log.get("level"),
          "onehop.log.level",
          "'" + level + "' is none of error, warn, info, debug");
    }
    @Nullable Path to = log.containsKey("file") ? path(log, "onehop.log.", "file") : null;
    return new NodeSettings.LogSettings(to, level);
  }

  /** Only tests of OneHop itself set it. */
  private @Nullable Path storeFaults(ConfigObject onehop) throws ConfigError {
    if (!onehop.containsKey("test")) {
      return null;
    }
    ConfigObject test = object(onehop, "onehop.", "test");
    onlyKeys(test, "onehop.test.", TEST_KEYS);
    return test.containsKey("store-faults") ? path(test, "onehop.test.", "store-faults") : null;
  }

  private List<NodeAddress> nodes(ConfigObject onehop) throws ConfigError {
    ConfigValue value = onehop.get("nodes");
    if (!(value instanceof ConfigList list)) {
      throw error(value, "onehop.nodes", "must be the list of all nodes of the cluster");
    }
    if (list.isEmpty() || list.size() > 32) {
      throw error(value, "onehop.nodes", "names " + list.size() + " nodes, allowed are 1 to 32");
    }
    List<NodeAddress> nodes = new ArrayList<>();
    Map<String, String> names = new HashMap<>();
    Map<String, String> addresses = new HashMap<>();
    for (int i = 0; i < list.size(); i++) {
      String at = "onehop.nodes[" + i + "]";
      if (!(list.get(i) instanceof ConfigObject o)) {
        throw error(list.get(i), at, "must be { name, control, data, api }");
      }
      onlyKeys(o, at + ".", NODE_KEYS);
      NodeAddress n =
          new NodeAddress(
              name(o, at + ".", "name"),
              endpoint(o, at + ".", "control"),
              endpoint(o, at + ".", "data"),
              endpoint(o, at + ".", "api"));
      String before = names.put(n.name().toLowerCase(Locale.ROOT), at);
      if (before != null) {
        throw error(
            o.get("name"), at + ".name", "'" + n.name() + "' is already the name of " + before);
      }
      unique(addresses, o, at + ".control", "control", n.control());
      unique(addresses, o, at + ".data", "data", n.data());
      unique(addresses, o, at + ".api", "api", n.api());
      nodes.add(n);
    }
    return nodes;
  }

  private void unique(
      Map<String, String> seen, ConfigObject o, String key, String field, Endpoint e)
      throws ConfigError {
    String before = seen.put(e.toString(), key);
    if (before != null) {
      throw error(o.get(field), key, e + " is already used by " + before);
    }
  }

  private void onlyKeys(ConfigObject o, String prefix, Set<String> known) throws ConfigError {
    for (Map.Entry<String, ConfigValue> e : o.entrySet()) {
      if (!known.contains(e.getKey())) {
        throw error(
            e.getValue(),
            prefix + e.getKey(),
            "unknown key; known here: " + String.join(", ", known.stream().sorted().toList()));
      }
    }
  }

  private ConfigObject object(ConfigObject o, String prefix, String key) throws ConfigError {
    ConfigValue value = o.get(key);
    if (value instanceof ConfigObject inner) {
      return inner;
    }
    throw error(value, prefix + key, value == null ? "is missing" : "must be a block { … }");
  }

  private String text(ConfigObject o, String prefix, String key) throws ConfigError {
    ConfigValue value = o.get(key);
    if (value == null) {
      throw error(null, prefix + key, "is missing");
    }
    if (value.valueType() != ConfigValueType.STRING
        && value.valueType() != ConfigValueType.NUMBER) {
      throw error(value, prefix + key, "must be a text");
    }
    String s = String.valueOf(value.unwrapped());
    if (s.isBlank()) {
      throw error(value, prefix + key, "must not be empty");
    }
    return s;
  }

  private String name(ConfigObject o, String prefix, String key) throws ConfigError {
    String s = text(o, prefix, key);
    if (!NAME.matcher(s).matches()) {
      throw error(
          o.get(key),
          prefix + key,
          "'" + s + "' is no name: letters, digits, '.', '_', '-', at most 63 characters");
    }
    return s;
  }

  private Endpoint endpoint(ConfigObject o, String prefix, String key) throws ConfigError {
    String s = text(o, prefix, key);
    try {
      Endpoint e = Endpoint.parse(s);
      if (e.port() == 0) {
        throw error(o.get(key), prefix + key, "'" + s + "' needs a port from 1 to 65535");
      }
      return e;
    } catch (IllegalArgumentException e) {
      throw error(o.get(key), prefix + key, String.valueOf(e.getMessage()));
    }
  }

  /** Relative paths are relative to the file's folder. */
  private Path path(ConfigObject o, String prefix, String key) throws ConfigError {
    String s = text(o, prefix, key);
    try {
      return file.resolveSibling(s).normalize();
    } catch (InvalidPathException e) {
      throw error(o.get(key), prefix + key, "'" + s + "' is no path");
    }
  }

  private ConfigError error(@Nullable ConfigValue at, String key, String what) {
    int line = at == null ? -1 : at.origin().lineNumber();
    return new ConfigError(file + (line > 0 ? ":" + line : "") + ": " + key + ": " + what);
  }
}
