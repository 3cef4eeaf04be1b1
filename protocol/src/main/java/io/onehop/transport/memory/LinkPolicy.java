package io.onehop.transport.memory;

/**
 * What the network does to frames on their way; asked for each of them, so it may change its mind.
 */
public interface LinkPolicy {
  /** Every link takes 50 µs and is never cut. */
  LinkPolicy PERFECT =
      new LinkPolicy() {
        @Override
        public long delayNanos(String from, String to) {
          return 50_000;
        }

        @Override
        public boolean cut(String from, String to) {
          return false;
        }
      };

  /**
   * How long one frame takes; frames of one direction of one connection never overtake each other.
   */
  long delayNanos(String from, String to);

  /**
   * Whether nothing gets through in this direction now. Frames wait (TCP sends them again) until
   * the link is whole or their connection has died.
   */
  boolean cut(String from, String to);

  /**
   * After how many nanoseconds {@code to} sees that a connection broke because {@code from} was
   * killed or by {@link MemoryNetwork#disconnect}; negative = never (a machine that lost its power
   * says nothing; only missing heartbeats tell). An open cut delays it further. A connection closed
   * by its owner is not asked about: that is told in order after the frames.
   */
  default long closeDelayNanos(String from, String to) {
    return delayNanos(from, to);
  }
}
