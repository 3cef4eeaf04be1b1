package io.onehop.cli;

import java.io.Console;
import org.jspecify.annotations.Nullable;

/** Whether a person is looking. */
final class Terminal {
  private Terminal() {}

  /** The terminal, or null where stdin and stdout are none. */
  @SuppressWarnings("SystemConsoleNull") // null where the JDK has no console provider
  static @Nullable Console console() {
    Console c = System.console();
    return c != null && c.isTerminal() ? c : null;
  }
}
