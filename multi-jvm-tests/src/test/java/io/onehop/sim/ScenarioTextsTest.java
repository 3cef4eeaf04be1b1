package io.onehop.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.sim.script.Interpreter;
import io.onehop.sim.script.ScenarioFailed;
import io.onehop.sim.script.ScenarioText;
import io.onehop.transport.BufPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every scenario text is a test, once with all rules and once without each rule that it names. */
final class ScenarioTextsTest {
  private static final Path FOLDER = Path.of("scenarios");
  private static final String ONLY = System.getProperty("onehop.scenario", "");
  private static final BufPool BUFS = Campaign.buffers();

  static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(FOLDER)) {
      return all.filter(p -> p.toString().endsWith(".txt")).sorted().toList();
    }
  }

  static ScenarioText read(Path file) {
    try {
      return ScenarioText.parse(file.getFileName().toString(), Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(Path file) {
    return file.getFileName().toString().replace(".txt", "");
  }

  @TestFactory
  List<DynamicTest> texts() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : files()) {
      if (!name(file).contains(ONLY)) {
        continue;
      }
      ScenarioText text = read(file);
      tests.add(DynamicTest.dynamicTest(name(file), () -> holds(text)));
      for (ScenarioText.Off off : text.offs()) {
        tests.add(
            DynamicTest.dynamicTest(name(file) + " without " + off.rule(), () -> fails(text, off)));
      }
    }
    return tests;
  }

  /**
   * With -Donehop.scenario=NAME transcripts are printed, with -Donehop.scenario.story=true the
   * whole story of each text, too.
   */
  private static String play(ScenarioText text, @Nullable String off) {
    boolean tell = Boolean.getBoolean("onehop.scenario.story");
    List<String> story = new ArrayList<>();
    try {
      String transcript =
          new Interpreter(ScenePool.maker(BUFS)).play(text, off, tell ? story : null);
      show(text, off, transcript);
      return transcript;
    } catch (ScenarioFailed e) {
      show(text, off, e.transcript() + e.getMessage() + "\n");
      throw e;
    } finally {
      story.forEach(System.out::println);
    }
  }

  private static void show(ScenarioText text, @Nullable String off, String transcript) {
    if (!ONLY.isEmpty()) {
      String with = off == null ? "" : " without " + off;
      System.out.printf("%s%s%n%s%n", text.file(), with, transcript);
    }
  }

  private static void holds(ScenarioText text) {
    try {
      play(text, null);
    } catch (ScenarioFailed e) {
      throw new AssertionError(e.getMessage() + "\n" + e.transcript(), e);
    }
  }

  private static void fails(ScenarioText text, ScenarioText.Off off) {
    String transcript;
    try {
      transcript = play(text, off.rule());
    } catch (ScenarioFailed e) {
      String message = String.valueOf(e.getMessage());
      assertTrue(
          message.contains(off.message()),
          () ->
              "%s:%d: without %s it fails otherwise: %s%n%s"
                  .formatted(text.file(), off.line(), off.rule(), message, e.transcript()));
      return;
    }
    throw new AssertionError(
        "%s:%d: nothing is missed without %s%n%s"
            .formatted(text.file(), off.line(), off.rule(), transcript));
  }
}
