package io.onehop.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Histories written by hand. A word is an event, times count from 1: {@code a=w7} operation a
 * begins to write value 7 to unit 0 ({@code W} with FUA, {@code z}, {@code Z} zeroes, {@code r},
 * {@code f}); {@code a} it is answered, {@code a:7} with what it read, {@code a!} with an error;
 * {@code end} the session ends, and the next operation is of a new one; {@code power} is lost.
 */
class HistoryTableTest {
  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          # what                                       | history                                                     | holds
          nothing at all                               | -                                                           | true
          a unit begins with zeroes                    | a=r a:0                                                     | true
          a value from nowhere                         | a=r a:5                                                     | false
          content that no write left                   | a=w1 a b=r b:?                                              | false
          read what was written                        | a=w1 a b=r b:1                                              | true
          a lost write                                 | a=w1 a b=r b:0                                              | false
          an old value                                 | a=w1 a b=w2 b c=r c:1                                       | false
          a read beside a write: the old               | a=w1 a b=w2 c=r c:1 b                                       | true
          a read beside a write: the new               | a=w1 a b=w2 c=r c:2 b                                       | true
          new, then old, beside the same write         | a=w1 a b=w2 c=r c:2 d=r d:1 b                               | false
          two reads at once beside a write             | a=w1 a b=w2 c=r d=r c:2 d:1 b                               | true
          read before it was written                   | a=r a:1 b=w1 b                                              | false
          two writes at once: either                   | a=w1 b=w2 a b c=r c:1                                       | true
          two writes at once: other                    | a=w1 b=w2 a b c=r c:2                                       | true
          two writes at once: both in turn             | a=w1 b=w2 a b c=r c:1 d=r d:2                               | false
          two writes at once: seen meanwhile           | a=w1 b=w2 c=r c:1 d=r d:2 a b                               | true
          never answered: not done                     | a=w1 b=r b:0                                                | true
          never answered: done late                    | a=w1 b=r b:0 c=w2 c d=r d:2 e=r e:1                         | true
          never answered: done and undone              | a=w1 b=r b:1 c=r c:0                                        | false
          an error: done later                         | a=w1 a! b=r b:0 c=r c:1                                     | true
          an error, session over: not done             | a=w1 a! end b=r b:0 c=r c:0                                 | true
          an error, session over: done before          | a=w1 a! end b=r b:1                                         | true
          a write after its session's end              | a=w1 a! end b=r b:0 c=r c:1                                 | false
          a zombie writes over its successor           | a=w1 end b=w2 b c=r c:1                                     | false
          a slow write settles when its session ends   | a=w1 b=r b:0 end c=r c:1                                    | true
          a failed read says nothing                   | a=w1 a b=r b! c=r c:1                                       | true
          zeroes written                               | a=w1 a b=z b c=r c:0                                        | true
          zeroes that never were                       | a=w1 a b=w2 c=r c:0 b                                       | false
          zeroes lost                                  | a=w1 a b=z b c=r c:1                                        | false
          one write of zeroes is not two               | a=w1 a b=z b c=r c:0 d=w2 d e=r e:0                         | false
          zeroes twice, of two writes                  | a=w1 a b=z b c=r c:0 d=w2 d e=z e f=r f:0                   | true
          zeroes beside: before one, after another     | a=w1 a z=z b=w2 c=r c:2 b d=r d:0 z                         | true
          zeroes beside: used up                       | a=w1 a z=z c=r c:0 b=w2 d=r d:2 b e=r e:0 z                 | false
          zeroes unanswered: done late                 | a=w1 a z=z z! b=r b:1 c=r c:0                               | true
          zeroes unanswered: done twice                | a=w1 a z=z z! b=r b:0 c=w2 c d=r d:2 e=r e:0                | false
          power lost, unflushed: there                 | a=w1 a end power b=r b:1                                    | true
          power lost, unflushed: gone                  | a=w1 a end power b=r b:0                                    | true
          power lost, unflushed: gone, then back       | a=w1 a end power b=r b:0 c=r c:1                            | false
          not lost, but gone                           | a=w1 a end b=r b:0                                          | false
          power lost, flushed: gone                    | a=w1 a f=f f end power b=r b:0                              | false
          power lost, flushed, older                   | a=w1 a b=w2 b f=f f end power c=r c:1                       | false
          power lost, FUA: gone                        | a=W1 a end power b=r b:0                                    | false
          power lost: FUA keeps what it overwrote not  | a=w1 a b=W2 b end power c=r c:1                             | false
          power lost, a later one survives             | a=w1 a f=f f b=w2 b end power c=r c:2                       | true
          power lost, one between survives             | a=w1 a f=f f b=w2 b c=w3 c end power d=r d:2                | true
          power lost, a flush not answered             | a=w1 a f=f end power b=r b:0                                | true
          power lost, written while flushing           | f=f a=w1 a f end power b=r b:0                              | true
          power lost, unanswered: there                | a=w1 end power b=r b:1                                      | true
          power lost, unanswered: comes later          | a=w1 power b=r b:0 c=r c:1                                  | false
          power lost, flushed zeroes: gone             | a=w1 a b=z b f=f f end power c=r c:1                        | false
          power lost, flushed zeroes: written over     | a=w1 a b=z b f=f f c=w2 c end power d=r d:2                 | true
          power lost twice: two memories               | a=w1 a b=w2 b end power power c=r c:1                       | true
          power lost twice: back to what was gone      | a=w1 a end power b=r b:0 end power c=r c:1                  | false
          """)
  void decides(String what, String history, boolean holds) throws IOException {
    Path file = file(history);
    Verdict verdict = HistoryCheck.of(file);
    assertThat(verdict.good()).as("%s: %s%n%s", what, history, verdict.text()).isEqualTo(holds);
  }

  /** The table's notation as a file. */
  private Path file(String history) throws IOException {
    StringBuilder b = new StringBuilder("onehop-history 1 4096 1\n");
    List<String> words = List.of(history.equals("-") ? new String[0] : history.strip().split(" +"));
    List<String> names =
        words.stream().filter(w -> w.contains("=")).map(w -> w.substring(0, 1)).toList();
    int session = 1;
    int time = 0;
    for (String w : words) {
      time++;
      int op = names.indexOf(w.substring(0, 1)) + 1;
      if (w.equals("power")) {
        b.append("p " + time);
      } else if (w.equals("end")) {
        b.append("x " + time + " " + session++);
      } else if (w.contains("=")) {
        char kind = w.charAt(2);
        b.append("i " + time + " " + op + " " + session + " " + kind);
        b.append(kind == 'f' ? "" : " 0 1");
        b.append(kind == 'w' || kind == 'W' ? " " + w.substring(3) : "");
      } else if (w.endsWith("!")) {
        b.append("e " + time + " " + op);
      } else {
        b.append("o " + time + " " + op + (w.length() > 1 ? " " + w.substring(2) : ""));
      }
      b.append('\n');
    }
    return Files.writeString(dir.resolve("table.history"), b);
  }

  @Test
  void unitsAreRegistersOfTheirOwn() throws IOException {
    Path file =
        write(
            "i 1 1 1 w 0 4 7",
            "i 2 2 1 w 1 2 8",
            "o 3 1",
            "o 4 2",
            "i 5 3 1 r 0 4",
            "o 6 3 7,8,7*2");
    assertThat(HistoryCheck.of(file).text()).contains("no violation");
    Path bad = write("i 1 1 1 w 0 4 7", "o 2 1", "i 3 2 1 r 0 4", "o 4 2 7*2,0,7");
    assertThat(HistoryCheck.of(bad).violations()).isEqualTo(1);
    assertThat(HistoryCheck.of(bad).text()).contains("unit 2 (byte 8192)");
  }

  @Test
  void aContradictionIsShort() throws IOException {
    StringBuilder words = new StringBuilder();
    for (int i = 1; i <= 40; i++) {
      words.append(
          "a=w%1$d a b=r b:%1$d "
              .formatted(i)
              .replace("a", "" + (char) (200 + 2 * i))
              .replace("b", "" + (char) (201 + 2 * i)));
    }
    Path file = file(words + "x=r x:3 y=r y:40");
    assertThat(HistoryCheck.of(file).contradictions()).hasSize(1);
    String text = HistoryCheck.of(file).contradictions().getFirst();
    assertThat(text.lines()).as(text).hasSize(4);
    assertThat(text).contains("wrote value 3", "read value 3");
  }

  @Test
  void anyBoundOfMemoryGivesTheSameVerdict() throws IOException {
    Path file = dir.resolve("many.history");
    long[] clock = {0};
    try (HistoryRecorder r = new HistoryRecorder(file, 512, 1000, () -> ++clock[0])) {
      int session = r.newSession();
      for (int i = 0; i < 500; i++) {
        int value = r.newValue();
        int first = i * 37 % 990;
        r.done(r.write(session, first, 10, value, false));
        r.done(r.read(session, first, 10), 10, u -> u == 5 && value == 300 ? 299 : value);
      }
    }
    Verdict all = HistoryCheck.of(file, 1 << 20);
    assertThat(all.violations()).isEqualTo(1);
    assertThat(HistoryCheck.of(file, 64)).isEqualTo(all);
  }

  @Test
  void aStampTellsEveryByte() {
    java.nio.ByteBuffer b = java.nio.ByteBuffer.allocate(512);
    for (int value : new int[] {0, 1, 77, Integer.MAX_VALUE}) {
      Stamp.put(b.clear(), 512, 9, value);
      assertThat(Stamp.valueAt(b, 0, 512, 9)).isEqualTo(value);
      for (int i : IntStream.range(0, 512).toArray()) {
        b.put(i, (byte) (b.get(i) ^ 4));
        assertThat(Stamp.valueAt(b, 0, 512, 9)).isEqualTo(Stamp.FOREIGN);
        b.put(i, (byte) (b.get(i) ^ 4));
      }
      if (value != 0) {
        assertThat(Stamp.valueAt(b, 0, 512, 8)).isEqualTo(Stamp.FOREIGN);
      }
    }
  }

  @Test
  void whatIsNoHistoryIsRefusedWithItsLine() throws IOException {
    refused("line 3: goes back", "i 5 1 1 r 0 1", "o 4 1 0");
    refused("line 2: operation 1 was never begun", "o 4 1 0");
    refused("fewer values", "i 1 1 1 r 0 4", "o 2 1 0*3");
    refused("more values", "i 1 1 1 r 0 4", "o 2 1 0*5");
    refused("not within 8", "i 1 1 1 r 7 2");
    refused("value 3 is written twice", "i 1 1 1 w 0 1 3", "i 1 2 1 w 0 1 3");
    refused("is no event", "q 1 1");
    refused("session 1, which ended", "x 1 1", "i 2 1 1 r 0 1");
    refused("words too many", "p 1 1");
    Path torn = write("i 1 1 1 r 0 1", "o 2 1 0");
    Files.writeString(torn, Files.readString(torn) + "i 3 2 1 r 0");
    assertThat(HistoryCheck.of(torn).operations()).isEqualTo(1);
  }

  private void refused(String why, String... lines) throws IOException {
    Path file = write(lines);
    assertThatThrownBy(() -> HistoryCheck.of(file))
        .isInstanceOf(HistoryException.class)
        .hasMessageContaining(why);
  }

  private Path write(String... lines) throws IOException {
    return Files.writeString(
        dir.resolve("lines.history"),
        "onehop-history 1 4096 8\n" + String.join("\n", lines) + "\n");
  }

  @Test
  void theProgramSaysItByItsExitCode() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
    assertThat(CheckHistory.run(print, print, "" + file("a=w1 a b=r b:1"))).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("2 operations", "no violation");
    assertThat(CheckHistory.run(print, print, "" + file("a=w1 a b=r b:0"))).isEqualTo(1);
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("VIOLATION at unit 0");
    assertThat(CheckHistory.run(print, print)).isEqualTo(2);
    assertThat(CheckHistory.run(print, print, "" + dir.resolve("none"))).isEqualTo(3);
    assertThat(CheckHistory.run(print, print, "" + write("nonsense"))).isEqualTo(4);
  }
}
