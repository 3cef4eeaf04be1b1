package io.onehop.nbd;

import io.onehop.nbd.handshake.Haggling;
import io.onehop.nbd.transmission.CommandLoop;
import io.onehop.nbd.transmission.Inbox;
import io.onehop.nbd.wire.Nbd;
import io.onehop.transport.Loop;
import io.onehop.transport.tcp.ChannelHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** One client: its channel, and the phase it is in. On the loop only. */
final class NbdConnection implements ChannelHandler, CommandLoop.Wake {
  /** A client that has not chosen an export by then is sent away. */
  private static final long HANDSHAKE_NANOS = 60_000_000_000L;

  private static final int OPTION_HEADER_BYTES = 16;

  private final NbdServer server;
  private final SocketChannel channel;
  private final Inbox inbox;
  private final Haggling haggling;
  private final Loop.Timer deadline;
  private final SelectionKey key;

  private ByteBuffer greetings = ByteBuffer.wrap(Haggling.greeting());
  private boolean flagsTaken;
  private int skippedOption;
  private long skip;
  private boolean closing;
  private @Nullable CommandLoop commands;
  private boolean closed;

  /** Set while it stands in the server's list of connections with something to do. */
  boolean listed;

  NbdConnection(NbdServer server, SocketChannel channel) throws IOException {
    this.server = server;
    this.channel = channel;
    this.inbox = new Inbox(server.buffers());
    this.haggling = new Haggling(server.export());
    this.key = server.loop().register(channel, SelectionKey.OP_READ, this);
    this.deadline = server.loop().schedule(HANDSHAKE_NANOS, this::handshakeTooSlow);
    wake();
  }

  @Override
  public void ready(SelectionKey ready) {
    int ops = ready.readyOps();
    try {
      if ((ops & SelectionKey.OP_READ) != 0) {
        if (inbox.fill(channel) < 0) {
          close();
          return;
        }
        advance();
      }
      wake();
    } catch (IOException e) {
      close(); // the client is gone, or the network is; it will come back if it wants to
    }
  }

  @Override
  public void wake() {
    if (!listed && !closed) {
      listed = true;
      server.list(this);
    }
  }

  /** Sends what is queued and goes on where it had to stop. */
  void turnEnd() {
    if (closed) {
      return;
    }
    try {
      boolean sent = flush();
      CommandLoop c = commands;
      if (sent && closing) {
        close();
        return;
      }
      if (c == null ? sent : !c.wantsInput()) {
        advance();
        c = commands;
      }
      if (closed) {
        return;
      }
      if (c != null && c.finished() && !greetings.hasRemaining()) {
        close();
        return;
      }
      if (c != null && c.idle()) {
        inbox.rest();
      }
      boolean read = c == null ? !greetings.hasRemaining() && !closing : c.wantsInput();
      int ops = (read ? SelectionKey.OP_READ : 0) | (sent ? 0 : SelectionKey.OP_WRITE);
      if (key.interestOps() != ops) {
        key.interestOps(ops);
      }
    } catch (IOException e) {
      close();
    }
  }

  private boolean flush() throws IOException {
    if (greetings.hasRemaining()) {
      channel.write(greetings);
      if (greetings.hasRemaining()) {
        return false;
      }
    }
    CommandLoop c = commands;
    return c == null || c.flush(channel);
  }

  /** Handles what has been received. */
  private void advance() {
    if (commands == null) {
      haggle();
    }
    CommandLoop c = commands;
    if (c != null && !closed) {
      String bad = c.parse();
      if (bad != null) {
        server.protocolError(bad);
        close();
      }
    }
  }

  /** One option at a time, and the next one only when the answer to the last is sent. */
  private void haggle() {
    while (commands == null && !closing && !closed && !greetings.hasRemaining()) {
      if (skip > 0) {
        int n = (int) Math.min(skip, inbox.available());
        inbox.consume(n);
        skip -= n;
        if (skip > 0) {
          return;
        }
        after(haggling.tooBig(skippedOption));
      } else if (!flagsTaken) {
        if (inbox.available() < 4) {
          return;
        }
        int flags = inbox.bytes().getInt(inbox.position());
        inbox.consume(4);
        flagsTaken = true;
        after(haggling.clientFlags(flags));
      } else if (!option()) {
        return;
      }
    }
  }

  private boolean option() {
    if (inbox.available() < OPTION_HEADER_BYTES) {
      inbox.gather(OPTION_HEADER_BYTES);
      return false;
    }
    ByteBuffer b = inbox.bytes();
    int p = inbox.position();
    int option = b.getInt(p + 8);
    long length = b.getInt(p + 12) & 0xffffffffL;
    if (b.getLong(p) != Nbd.OPTION_MAGIC || length > Haggling.MAX_SKIPPED_BYTES) {
      server.protocolError("garbage instead of an option");
      close();
      return false;
    }
    if (length > Haggling.MAX_OPTION_BYTES) {
      inbox.consume(OPTION_HEADER_BYTES);
      skippedOption = option;
      skip = length;
      return true;
    }
    int whole = OPTION_HEADER_BYTES + (int) length;
    if (inbox.available() < whole) {
      inbox.gather(whole);
      return false;
    }
    byte[] data = new byte[(int) length];
    b.get(p + OPTION_HEADER_BYTES, data);
    inbox.consume(whole);
    after(haggling.option(option, ByteBuffer.wrap(data), server.service().refusal()));
    return true;
  }

  private void after(Haggling.Outcome outcome) {
    greetings = ByteBuffer.wrap(haggling.takeReplies());
    wake();
    switch (outcome) {
      case GO_ON -> {}
      case CLOSE -> closing = true;
      case TRANSMIT -> {
        deadline.cancel();
        commands = new CommandLoop(server.service(), inbox, haggling, this);
      }
    }
  }

  /** Ends once everything in flight is answered; during the handshake at once. */
  void leave() {
    CommandLoop c = commands;
    if (c == null) {
      close();
    } else if (c.idle()) {
      c.leave();
      wake();
    }
  }

  private void handshakeTooSlow() {
    if (commands == null) {
      close();
    }
  }

  /** Ends at once; idempotent. Requests in flight complete unheard. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    deadline.cancel();
    try {
      channel.close();
    } catch (IOException e) {
      // Closed as far as we are concerned.
    }
    if (commands != null) {
      commands.close();
    }
    inbox.close();
    server.gone(this);
  }
}
