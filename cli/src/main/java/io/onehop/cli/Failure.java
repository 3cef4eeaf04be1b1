package io.onehop.cli;

import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine.ParameterException;

/** A command ends with one line on stderr and an exit code. */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** It ran and the answer is no. */
  static final int NO = 1;

  /** Wrong usage. */
  static final int USAGE = 2;

  /** Cannot be reached, or refused. */
  static final int REFUSED = 3;

  /** Wrong or damaged input: a store, a config. */
  static final int INPUT = 4;

  private final int exitCode;

  Failure(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  Failure(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }

  /** What went wrong, on one line. */
  static String text(Throwable e) {
    String text = e.getMessage();
    String kind =
        switch (e) {
          case NoSuchFileException _ -> "no such file: ";
          case AccessDeniedException _ -> "no permission: ";
          case FileAlreadyExistsException _ -> "exists already: ";
          case NotDirectoryException _ -> "not a folder: ";
          case UnknownHostException _ -> "unknown host: ";
          case Failure _, ParameterException _, IOException _, IllegalArgumentException _ -> "";
          default -> e.getClass().getSimpleName() + ": ";
        };
    if (text == null || text.isBlank()) {
      return e.getClass().getSimpleName();
    }
    return (kind + text.strip()).replaceAll("\\s*\\R\\s*", "; ");
  }
}
