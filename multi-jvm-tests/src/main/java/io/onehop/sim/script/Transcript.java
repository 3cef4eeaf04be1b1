package io.onehop.sim.script;

/** What was played, line by line, with virtual time and the answers as they were. */
final class Transcript {
  private final StringBuilder lines = new StringBuilder();

  void add(long nanos, Line line, String actual) {
    lines.append(Times.text(nanos)).append(" s  ").append(line.command());
    if (line.expected() != null) {
      lines.append("  -> ").append(actual);
      if (!ScenarioText.matches(line.expected(), actual)) {
        lines.append("   BUT THE TEXT SAYS: ").append(line.expected());
      }
    }
    lines.append('\n');
  }

  void happened(long nanos, String command) {
    lines.append(Times.text(nanos)).append(" s      (then: ").append(command).append(")\n");
  }

  void broken(long nanos, Line line, String message) {
    add(nanos, new Line(line.number(), line.command(), null), "");
    lines.append(Times.text(nanos)).append(" s  BROKEN: ").append(message).append('\n');
  }

  @Override
  public String toString() {
    return lines.toString();
  }
}
