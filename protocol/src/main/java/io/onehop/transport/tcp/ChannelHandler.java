package io.onehop.transport.tcp;

import java.nio.channels.SelectionKey;

/** Told on the loop that a channel registered with {@link DataLoop#register} can go on. */
@FunctionalInterface
public interface ChannelHandler {
  /**
   * The channel is ready for {@link SelectionKey#readyOps}. An exception from here is a bug and
   * ends the loop; network errors are the handler's to catch.
   */
  void ready(SelectionKey key);
}
