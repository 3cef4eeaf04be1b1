package io.onehop.nbd.handshake;

import io.onehop.nbd.wire.Nbd;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Collects the bytes of the answers to one option. */
final class OptionReplies {
  private ByteBuffer out = ByteBuffer.allocate(512);
  private int lengthAt;

  /** Starts a reply; what is put until {@link #end} is its data. */
  OptionReplies begin(int option, int reply) {
    room(20).putLong(Nbd.OPTION_REPLY_MAGIC).putInt(option).putInt(reply);
    lengthAt = out.position();
    out.putInt(0);
    return this;
  }

  /** Ends the reply begun last. */
  void end() {
    out.putInt(lengthAt, out.position() - lengthAt - 4);
  }

  OptionReplies put16(int v) {
    room(2).putShort((short) v);
    return this;
  }

  OptionReplies put32(int v) {
    room(4).putInt(v);
    return this;
  }

  OptionReplies put64(long v) {
    room(8).putLong(v);
    return this;
  }

  OptionReplies put(byte[] v) {
    room(v.length).put(v);
    return this;
  }

  OptionReplies put(String v) {
    return put(v.getBytes(StandardCharsets.UTF_8));
  }

  /** A reply without data, or an error with a text for people. */
  void answer(int option, int reply, String text) {
    begin(option, reply).put(text).end();
  }

  /** Everything put so far; starts afresh. */
  byte[] take() {
    byte[] all = Arrays.copyOf(out.array(), out.position());
    out.clear();
    return all;
  }

  private ByteBuffer room(int bytes) {
    if (out.remaining() < bytes) {
      int needed = Math.max(out.capacity() * 2, out.position() + bytes);
      ByteBuffer larger = ByteBuffer.allocate(needed);
      larger.put(out.flip());
      out = larger;
    }
    return out;
  }
}
