package io.onehop.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.sim.script.Interpreter;
import io.onehop.sim.script.ScenarioFailed;
import io.onehop.sim.script.ScenarioText;
import io.onehop.sim.script.ScriptError;
import org.junit.jupiter.api.Test;

/** What a text that is wrong is answered with: one line with file, line and what to do. */
final class ScriptErrorsTest {
  private static final String POOL = "# A title\npool legs a b, witness w\n";
  private static final String END = "finally all is well -> legs identical\n";

  private static String play(String text) {
    return new Interpreter(ScenePool.maker(Campaign.buffers()))
        .play(ScenarioText.parse("s.txt", text), null, null);
  }

  private static void refused(String message, String text) {
    ScriptError e = assertThrows(ScriptError.class, () -> play(text));
    assertEquals(message, e.getMessage());
  }

  @Test
  void namesFileAndLineOfWhatItDoesNotKnow() {
    refused("s.txt:3: nothing can be said like this: kick a", POOL + "kick a\n" + END);
    refused("s.txt:3: the pool has no leg c", POOL + "wait until c is stale\n" + END);
    refused("s.txt:3: there is no process c1 (yet)", POOL + "kill c1\n" + END);
    refused(
        "s.txt:3: clients come in order; the next one is c1", POOL + "c2 attaches -> ok\n" + END);
    refused("s.txt:4: a does not run", POOL + "kill a\nkill a\n" + END);
    refused("s.txt:2: no such setting: love 3 s", "# A title\nwith love 3 s\n" + END);
  }

  @Test
  void wantsAnAnswerWhereThereIsOneAndAnEnd() {
    refused(
        "s.txt:3: say which answer is expected: c1 attaches -> ...", POOL + "c1 attaches\n" + END);
    refused("s.txt:3: this has no answer: kill a", POOL + "kill a -> ok\n" + END);
    String last = "s.txt:3: the last line, and no other, is: finally all is well -> ...";
    refused(last, POOL + "kill a\n");
    refused(last, POOL + END + "kill a\n" + END);
    refused("s.txt:1: the first line must be a comment: the scenario's title", END);
    refused(
        "s.txt:3: write: with rule RULES.NAME off: fails with \"TEXT\"",
        POOL + "with rule X off\n" + END);
  }

  @Test
  void anotherAnswerFailsWithTheTranscript() {
    ScenarioFailed e =
        assertThrows(
            ScenarioFailed.class,
            () -> play(POOL + "c1 attaches -> ok\nc1 reads x -> one\n" + END));
    assertEquals("s.txt:4: 'c1 reads x' -> zeroes; expected one", e.getMessage());
    assertTrue(e.transcript().contains("s  c1 attaches  -> ok\n"), e.transcript());
    assertTrue(e.transcript().contains("-> zeroes   BUT THE TEXT SAYS: one"), e.transcript());
  }

  @Test
  void aMomentThatNeverComesFails() {
    ScenarioFailed e =
        assertThrows(
            ScenarioFailed.class, () -> play(POOL + "when a gets a fetch: kill a\n" + END));
    assertEquals("s.txt:4: this never came: when [a gets a fetch]", e.getMessage());
  }

  @Test
  void dotsStandForAnyText() {
    assertTrue(play(POOL + "view -> a in-sync, ...; ready\n" + END).contains("no writer"));
  }
}
