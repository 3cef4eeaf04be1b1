package io.onehop.nbd.handshake;

import io.onehop.nbd.wire.Nbd;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One client's negotiation: greeting, client flags, options one by one. Knows nothing of sockets;
 * the caller frames options and sends {@link #takeReplies()} after every step.
 */
public final class Haggling {
  /** What the caller does after a step, once the replies are sent. */
  public enum Outcome {
    /** The next option follows. */
    GO_ON,
    /** The transmission phase begins. */
    TRANSMIT,
    /** The connection ends. */
    CLOSE
  }

  /** Longest data of an option that is looked at; longer ones are skipped and refused. */
  public static final int MAX_OPTION_BYTES = 64 << 10;

  /** Options that announce more data than this end the connection. */
  public static final int MAX_SKIPPED_BYTES = 1 << 20;

  /** Options after which a client that still has not chosen is sent away. */
  public static final int MAX_OPTIONS = 1024;

  /** Id of base:allocation in BLOCK_STATUS replies. */
  public static final int CONTEXT_ID = 1;

  private static final String ALLOCATION_QUERY = Nbd.BASE_ALLOCATION;

  private final Export export;
  private final OptionReplies replies = new OptionReplies();
  private boolean noZeroes;
  private boolean structured;
  private byte @Nullable [] contextExport;
  private int options;
  private boolean contextValid;

  /** A negotiation about {@code export}. */
  public Haggling(Export export) {
    this.export = export;
  }

  /** The server's first bytes. */
  public static byte[] greeting() {
    return ByteBuffer.allocate(18)
        .putLong(Nbd.MAGIC)
        .putLong(Nbd.OPTION_MAGIC)
        .putShort((short) (Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES))
        .array();
  }

  /** Takes the client's flags. */
  public Outcome clientFlags(int flags) {
    if ((flags & ~(Nbd.FLAG_FIXED_NEWSTYLE | Nbd.FLAG_NO_ZEROES)) != 0) {
      return Outcome.CLOSE;
    }
    noZeroes = (flags & Nbd.FLAG_NO_ZEROES) != 0;
    return Outcome.GO_ON;
  }

  /** Structured replies were agreed. */
  public boolean structured() {
    return structured;
  }

  /** base:allocation was agreed for the export chosen. */
  public boolean allocationContext() {
    return structured && contextValid;
  }

  /** Bytes to send now; empty if none. */
  public byte[] takeReplies() {
    return replies.take();
  }

  /** An option whose data were skipped because there were too many. */
  public Outcome tooBig(int option) {
    if (option == Nbd.OPT_EXPORT_NAME || ++options > MAX_OPTIONS) {
      return Outcome.CLOSE;
    }
    replies.answer(option, Nbd.REP_ERR_TOO_BIG, "at most " + MAX_OPTION_BYTES + " bytes of data");
    return Outcome.GO_ON;
  }

  /**
   * Answers one option.
   *
   * @param data exactly its data
   * @param refusal why everything but ABORT is refused (the server is stopping or its pool is
   *     gone); null if it is not
   */
  public Outcome option(int option, ByteBuffer data, @Nullable String refusal) {
    if (++options > MAX_OPTIONS) {
      return Outcome.CLOSE;
    }
    if (refusal != null && option != Nbd.OPT_ABORT) {
      if (option == Nbd.OPT_EXPORT_NAME) {
        return Outcome.CLOSE;
      }
      replies.answer(option, Nbd.REP_ERR_SHUTDOWN, refusal);
      return Outcome.GO_ON;
    }
    return switch (option) {
      case Nbd.OPT_EXPORT_NAME -> exportName(data);
      case Nbd.OPT_ABORT -> {
        replies.answer(option, Nbd.REP_ACK, "");
        yield Outcome.CLOSE;
      }
      case Nbd.OPT_LIST -> list(data);
      case Nbd.OPT_INFO, Nbd.OPT_GO -> infoOrGo(option, data);
      case Nbd.OPT_STRUCTURED_REPLY -> structuredReply(data);
      case Nbd.OPT_LIST_META_CONTEXT, Nbd.OPT_SET_META_CONTEXT -> metaContext(option, data);
      default -> refuse(option, Nbd.REP_ERR_UNSUP, "not supported");
    };
  }

  private Outcome exportName(ByteBuffer data) {
    byte[] name = new byte[data.remaining()];
    data.get(name);
    if (name.length > Nbd.MAX_STRING || !export.answersTo(name)) {
      return Outcome.CLOSE; // this option has no error reply
    }
    bindContext(name);
    replies.put64(export.sizeBytes()).put16(Export.flags(structured));
    if (!noZeroes) {
      replies.put(new byte[124]);
    }
    return Outcome.TRANSMIT;
  }

  private Outcome list(ByteBuffer data) {
    if (data.hasRemaining()) {
      return refuse(Nbd.OPT_LIST, Nbd.REP_ERR_INVALID, "LIST has no data");
    }
    byte[] name = export.name().getBytes(StandardCharsets.UTF_8);
    replies
        .begin(Nbd.OPT_LIST, Nbd.REP_SERVER)
        .put32(name.length)
        .put(name)
        .put(export.description())
        .end();
    replies.answer(Nbd.OPT_LIST, Nbd.REP_ACK, "");
    return Outcome.GO_ON;
  }

  private Outcome structuredReply(ByteBuffer data) {
    if (data.hasRemaining()) {
      return refuse(Nbd.OPT_STRUCTURED_REPLY, Nbd.REP_ERR_INVALID, "STRUCTURED_REPLY has no data");
    }
    structured = true;
    replies.answer(Nbd.OPT_STRUCTURED_REPLY, Nbd.REP_ACK, "");
    return Outcome.GO_ON;
  }

  private Outcome infoOrGo(int option, ByteBuffer data) {
    byte[] name;
    boolean wantName = false;
    boolean wantDescription = false;
    boolean wantBlockSize = false;
    try {
      name = string(data);
      int wanted = data.getShort() & 0xffff;
      for (int i = 0; i < wanted; i++) {
        int type = data.getShort() & 0xffff;
        wantName |= type == Nbd.INFO_NAME;
        wantDescription |= type == Nbd.INFO_DESCRIPTION;
        wantBlockSize |= type == Nbd.INFO_BLOCK_SIZE;
      }
    } catch (BufferUnderflowException e) {
      return refuse(option, Nbd.REP_ERR_INVALID, "malformed");
    }
    if (data.hasRemaining()) {
      return refuse(option, Nbd.REP_ERR_INVALID, "malformed: bytes left over");
    }
    if (!export.answersTo(name)) {
      return refuse(option, Nbd.REP_ERR_UNKNOWN, "no such export");
    }
    replies
        .begin(option, Nbd.REP_INFO)
        .put16(Nbd.INFO_EXPORT)
        .put64(export.sizeBytes())
        .put16(Export.flags(structured))
        .end();
    if (wantName) {
      replies.begin(option, Nbd.REP_INFO).put16(Nbd.INFO_NAME).put(export.name()).end();
    }
    if (wantDescription) {
      replies
          .begin(option, Nbd.REP_INFO)
          .put16(Nbd.INFO_DESCRIPTION)
          .put(export.description())
          .end();
    }
    if (wantBlockSize) {
      replies
          .begin(option, Nbd.REP_INFO)
          .put16(Nbd.INFO_BLOCK_SIZE)
          .put32(Nbd.MIN_BLOCK)
          .put32(Nbd.PREFERRED_BLOCK)
          .put32(Nbd.MAX_PAYLOAD)
          .end();
    }
    replies.answer(option, Nbd.REP_ACK, "");
    if (option == Nbd.OPT_INFO) {
      return Outcome.GO_ON;
    }
    bindContext(name);
    return Outcome.TRANSMIT;
  }

  private Outcome metaContext(int option, ByteBuffer data) {
    boolean set = option == Nbd.OPT_SET_META_CONTEXT;
    if (set) {
      contextExport = null; // a SET replaces what was selected before, also when it fails
    }
    if (!structured) {
      return refuse(option, Nbd.REP_ERR_INVALID, "ask for structured replies first");
    }
    byte[] name;
    boolean matched = false;
    try {
      name = string(data);
      int queries = data.getInt();
      if (queries < 0 || queries > MAX_OPTION_BYTES / 4) {
        return refuse(option, Nbd.REP_ERR_INVALID, "malformed");
      }
      matched = queries == 0 && !set;
      for (int i = 0; i < queries; i++) {
        String query = new String(string(data), StandardCharsets.UTF_8);
        matched |= query.equals(ALLOCATION_QUERY) || (query.equals("base:") && !set);
      }
    } catch (BufferUnderflowException e) {
      return refuse(option, Nbd.REP_ERR_INVALID, "malformed");
    }
    if (data.hasRemaining()) {
      return refuse(option, Nbd.REP_ERR_INVALID, "malformed: bytes left over");
    }
    if (!export.answersTo(name)) {
      return refuse(option, Nbd.REP_ERR_UNKNOWN, "no such export");
    }
    if (matched) {
      replies
          .begin(option, Nbd.REP_META_CONTEXT)
          .put32(set ? CONTEXT_ID : 0)
          .put(ALLOCATION_QUERY)
          .end();
      if (set) {
        contextExport = name;
      }
    }
    replies.answer(option, Nbd.REP_ACK, "");
    return Outcome.GO_ON;
  }

  /** A context is selected for the export name it was asked for, and counts for that name only. */
  private void bindContext(byte[] chosen) {
    contextValid = contextExport != null && Arrays.equals(contextExport, chosen);
  }

  private Outcome refuse(int option, int error, String text) {
    replies.answer(option, error, text);
    return Outcome.GO_ON;
  }

  private static byte[] string(ByteBuffer data) {
    int length = data.getInt();
    if (length < 0 || length > data.remaining() || length > Nbd.MAX_STRING) {
      throw new BufferUnderflowException();
    }
    byte[] s = new byte[length];
    data.get(s);
    return s;
  }
}
