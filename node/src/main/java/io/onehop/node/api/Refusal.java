package io.onehop.node.api;

import java.io.Serial;

/** An answer other than 2xx: HTTP status and one line. */
final class Refusal extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  final int status;

  Refusal(int status, String text) {
    super(text, null, false, false);
    this.status = status;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
