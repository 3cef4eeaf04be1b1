package io.onehop.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.nbd.handshake.Haggling;
import io.onehop.nbd.transmission.CommandLoop;
import io.onehop.nbd.transmission.Service;
import io.onehop.nbd.wire.Nbd;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** NBD.md says what the constants and the server say. */
class NbdMdTest {
  private static final Pattern ROW = Pattern.compile("\\| `([A-Z_]+)` \\| (\\d+) \\| (.*) \\|");
  private static final Set<String> FLAGS =
      Set.of(
          "HAS_FLAGS",
          "READ_ONLY",
          "SEND_FLUSH",
          "SEND_FUA",
          "ROTATIONAL",
          "SEND_TRIM",
          "SEND_WRITE_ZEROES",
          "SEND_DF",
          "CAN_MULTI_CONN",
          "SEND_RESIZE",
          "SEND_CACHE",
          "SEND_FAST_ZERO");

  private record Row(int number, String says) {}

  private static Map<String, Row> rows() throws IOException {
    Map<String, Row> rows = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Path.of("NBD.md"))) {
      Matcher m = ROW.matcher(line);
      if (m.matches()) {
        rows.put(m.group(1), new Row(Integer.parseInt(m.group(2)), m.group(3)));
      }
    }
    return rows;
  }

  private static boolean belongsInATable(String name) {
    boolean command = name.startsWith("CMD_") && !name.startsWith("CMD_FLAG_");
    boolean error = name.startsWith("E");
    boolean reply = name.startsWith("REP_ERR_");
    return command
        || error
        || reply
        || name.startsWith("OPT_")
        || name.startsWith("INFO_")
        || FLAGS.contains(name);
  }

  @Test
  void everyConstantIsInItsTableAndTheOtherWayRound() throws Exception {
    Map<String, Integer> constants = new TreeMap<>();
    for (Field f : Nbd.class.getFields()) {
      if (f.getType() == int.class && belongsInATable(f.getName())) {
        constants.put(f.getName(), f.getInt(null) & 0x7fffffff);
      }
    }
    Map<String, Integer> documented = new TreeMap<>();
    rows().forEach((name, row) -> documented.put(name, row.number));
    assertThat(documented).isEqualTo(constants);
  }

  @Test
  void theServerRefusesExactlyTheOptionsThatAreDocumentedAsRefused() throws Exception {
    Set<Integer> documented = new TreeSet<>();
    rows()
        .forEach((name, row) -> {
          if (name.startsWith("OPT_") && row.says.startsWith("refused")) {
            documented.add(row.number);
          }
        });
    Set<Integer> refused = new TreeSet<>();
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, 4096, null))) {
      for (int option = 1; option <= Nbd.OPT_EXTENDED_HEADERS; option++) {
        try (RawSocket s = RawSocket.greeted(r)) {
          s.option(option, new byte[0]);
          if (option != Nbd.OPT_EXPORT_NAME && s.reply().type() == Nbd.REP_ERR_UNSUP) {
            refused.add(option);
          }
        }
      }
    }
    assertThat(refused).isEqualTo(documented);
  }

  @Test
  void theServerOffersExactlyTheFlagsThatAreDocumentedAsOffered() throws Exception {
    int documented = 0;
    for (Map.Entry<String, Row> e : rows().entrySet()) {
      if (FLAGS.contains(e.getKey()) && e.getValue().says.startsWith("yes")) {
        documented |= e.getValue().number;
      }
    }
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, 4096, null));
        RawSocket s = RawSocket.greeted(r)) {
      s.option(Nbd.OPT_STRUCTURED_REPLY, new byte[0]);
      s.reply();
      s.option(Nbd.OPT_GO, RawSocket.info(""));
      assertThat(s.reply().data().getShort(10) & 0xffff).isEqualTo(documented);
    }
  }

  @Test
  void limits() throws IOException {
    String text = Files.readString(Path.of("NBD.md"));
    assertThat(text)
        .contains("| connections | " + NbdServer.MAX_CONNECTIONS + ";")
        .contains("unanswered, per connection | " + CommandLoop.MAX_REQUESTS + " |")
        .contains("unsent, all connections | " + (Service.MAX_BUDGET >> 20) + " MiB,")
        .contains("more than " + (Haggling.MAX_OPTION_BYTES >> 10) + " KiB of option data")
        .contains("A client may send " + Haggling.MAX_OPTIONS + " options")
        .contains("maximum " + Nbd.MAX_PAYLOAD)
        .contains("preferred " + Nbd.PREFERRED_BLOCK);
  }
}
