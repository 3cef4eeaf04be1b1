package io.onehop.chaos;

import io.onehop.history.Stamp;
import java.nio.ByteBuffer;

/**
 * Where a device's units lie.
 *
 * @param unitBytes size of a unit
 * @param sizeBytes of the device; its last unit may be shorter
 */
record Geometry(int unitBytes, long sizeBytes) {
  long start(int unit) {
    return (long) unit * unitBytes;
  }

  long end(int unit) {
    return Math.min(start(unit) + unitBytes, sizeBytes);
  }

  /** Bytes of {@code count} units from {@code first} on. */
  long bytes(int first, int count) {
    return count == 0 ? 0 : end(first + count - 1) - start(first);
  }

  /** Fills {@code into} from its position on. */
  void stamp(ByteBuffer into, int first, int count, int value) {
    for (int unit = first; unit < first + count; unit++) {
      Stamp.put(into, (int) (end(unit) - start(unit)), unit, value);
    }
  }

  /** The value of unit {@code first + i}, where {@code content} begins with {@code first}. */
  int value(ByteBuffer content, int first, int i) {
    int at = (int) (start(first + i) - start(first));
    return Stamp.valueAt(content, at, (int) (end(first + i) - start(first + i)), first + i);
  }
}
