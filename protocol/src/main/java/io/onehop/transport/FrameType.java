package io.onehop.transport;

/**
 * Codes of {@link FrameHeader#type} and bits of {@link FrameHeader#flags}. A code, once shipped, is
 * never reused; the conversation of each is in {@code protocol/WIRE.md}. Requests are answered by
 * the type named in the comment, with sequence, epoch and lane echoed and generation = the
 * answerer's adopted one.
 */
public final class FrameType {
  private FrameType() {}

  /** First frame of a connection; payload {@code Hello}; answered by HELLO_ACK. */
  public static final int HELLO = 1;

  /**
   * Payload {@code HelloAck} on status OK, else UTF-8 text; extra = credits (requests in flight).
   */
  public static final int HELLO_ACK = 2;

  /** Payload: a chosen view. To a leg: adopt it. To a client: here is a newer one. VIEW_ACK. */
  public static final int VIEW = 3;

  /** Sent whenever a leg has adopted a view, unasked too; generation = adopted. */
  public static final int VIEW_ACK = 4;

  /** extra = sender's clock, echoed; watermark; LEASE asks for renewal; HEARTBEAT_ACK. */
  public static final int HEARTBEAT = 5;

  /** Flag LEASE = granted under the epoch of the request. */
  public static final int HEARTBEAT_ACK = 6;

  /** Payload: data for [offset, offset + length); flag FUA; ACK. */
  public static final int WRITE = 10;

  /** No payload; flags FUA, PUNCH (leave to make a hole: trim); ACK. */
  public static final int WRITE_ZEROES = 11;

  /** Answered by DATA. */
  public static final int READ = 12;

  /** Everything answered before is made durable; ACK. */
  public static final int FLUSH = 13;

  /** Answer to WRITE, WRITE_ZEROES, FLUSH. */
  public static final int ACK = 20;

  /** Answer to READ; payload the data when status is OK, unless flag HOLE (all zeroes). */
  public static final int DATA = 21;

  /** Payload {@code AttachRequest}; ATTACH_ACK, possibly much later. */
  public static final int ATTACH = 30;

  /**
   * status OK (a VIEW naming the session came before), AGAIN (wait), REFUSED; payload: UTF-8 text.
   */
  public static final int ATTACH_ACK = 31;

  /** The session asks to be ended in order; DETACH_ACK. */
  public static final int DETACH = 32;

  /** status OK once the ending view is chosen. */
  public static final int DETACH_ACK = 33;

  /** extra = member index, generation = the reporter's view, payload UTF-8 reason; no answer. */
  public static final int SUSPECT = 34;

  /** Asks a leg to renew the lease at voters {@code length} (a mask); extra = clock; LEASE_ACK. */
  public static final int LEASE = 35;

  /** length = mask of voters that granted. */
  public static final int LEASE_ACK = 36;

  /**
   * Peer: the answerer's miss map (offset = asker's since) for the asker, or, if extra is not 0,
   * for member extra - 1, which must not be in sync (rule 6.8); MAP frames.
   */
  public static final int MAP_REQUEST = 40;

  /** Payload block runs; extra echoed; flag MORE if more frames follow. */
  public static final int MAP = 41;

  /** Peer: content of [offset, offset + length), length at most MAX_PAYLOAD; FETCHED. */
  public static final int FETCH = 42;

  /**
   * Payload data, or flag HOLE; extra = highest unconfirmed sequence in the range or 0 (rule 6.6).
   */
  public static final int FETCHED = 43;

  /** Payload block runs; offset = sender's since, extra = sender's incarnation; PEER_ACK. */
  public static final int CLEAR = 44;

  /** Peer: the answerer's unconfirmed set; UNION frames. */
  public static final int UNION_REQUEST = 45;

  /** Payload block runs; flag MORE. */
  public static final int UNION = 46;

  /**
   * Record these runs as unconfirmed and missed by absent members; flag MORE; PEER_ACK to the last.
   */
  public static final int UNION_RECORD = 47;

  /** Copy the recorded union from the sender (by FETCH); PEER_ACK when done. */
  public static final int UNION_COPY = 48;

  /** Answer to CLEAR, UNION_RECORD, UNION_COPY. */
  public static final int PEER_ACK = 49;

  /** Digest of [offset, offset + length) at a confirmed position; DIGEST_ACK. */
  public static final int DIGEST = 50;

  /** Payload 32 bytes SHA-256 per MiB or less; status AGAIN if not confirmed now. */
  public static final int DIGEST_ACK = 51;

  /** Make it durable before the answer. */
  public static final int FLAG_FUA = 1;

  /** Zeroes may be holes. */
  public static final int FLAG_PUNCH = 1 << 1;

  /** More frames of the same answer follow. */
  public static final int FLAG_MORE = 1 << 2;

  /** The range is all zeroes; no payload. */
  public static final int FLAG_HOLE = 1 << 3;

  /** Lease asked for, or granted. */
  public static final int FLAG_LEASE = 1 << 4;

  /** Digest what the store holds, whatever the answerer's state, view and lineage. */
  public static final int FLAG_AS_IT_IS = 1 << 5;

  /** Whether a frame of this type may be sent; anything else is refused by the transport. */
  public static boolean known(int type) {
    return (type >= HELLO && type <= HEARTBEAT_ACK)
        || (type >= WRITE && type <= FLUSH)
        || type == ACK
        || type == DATA
        || (type >= ATTACH && type <= LEASE_ACK)
        || (type >= MAP_REQUEST && type <= DIGEST_ACK);
  }
}
