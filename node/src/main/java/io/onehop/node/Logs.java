package io.onehop.node;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Sets up Logback from the node's settings: stderr, or a file; never stdout. */
public final class Logs {
  private static final String PATTERN =
      "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger{0}: %msg%n%ex{12}";

  private Logs() {}

  /**
   * From now on, everything that is logged in this process goes where {@code settings} say.
   *
   * @throws ConfigError if the file cannot be written
   */
  public static void configure(NodeSettings.LogSettings settings) throws ConfigError {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    OutputStreamAppender<ILoggingEvent> appender = appender(settings.file());
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.start();
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.addAppender(appender);
    root.setLevel(Level.toLevel(settings.level()));
    if (!settings.level().equals("debug")) {
      // What they say at info is about themselves; an absent peer is no news to them every second.
      context.getLogger("org.apache.pekko").setLevel(Level.WARN);
      context.getLogger("org.apache.pekko.remote").setLevel(Level.ERROR);
      context.getLogger("org.apache.pekko.stream").setLevel(Level.ERROR);
      context.getLogger("org.apache.pekko.cluster").setLevel(Level.ERROR);
      context.getLogger("io.helidon").setLevel(Level.WARN);
    }
  }

  private static OutputStreamAppender<ILoggingEvent> appender(@Nullable Path file)
      throws ConfigError {
    if (file == null) {
      ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
      stderr.setTarget("System.err");
      return stderr;
    }
    try {
      Path folder = file.getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      if (!Files.exists(file)) {
        Files.createFile(file);
      }
    } catch (IOException e) {
      throw new ConfigError("onehop.log.file: cannot write " + file + ": " + e.getMessage());
    }
    FileAppender<ILoggingEvent> to = new FileAppender<>();
    to.setFile(file.toString());
    to.setAppend(true);
    return to;
  }
}
