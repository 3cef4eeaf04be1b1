package io.onehop.nbd.wire;

/**
 * The numbers of the NBD protocol that this module speaks or names. All integers are big-endian.
 */
public final class Nbd {
  private Nbd() {}

  /** Port registered for NBD. */
  public static final int DEFAULT_PORT = 10809;

  /** First eight bytes of the server: "NBDMAGIC". */
  public static final long MAGIC = 0x4e42444d41474943L;

  /** Second eight bytes of the server, and first of every option: "IHAVEOPT". */
  public static final long OPTION_MAGIC = 0x49484156454F5054L;

  /** Starts every option reply. */
  public static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;

  /** Starts every request. */
  public static final int REQUEST_MAGIC = 0x25609513;

  /** Starts a simple reply. */
  public static final int SIMPLE_REPLY_MAGIC = 0x67446698;

  /** Starts a chunk of a structured reply. */
  public static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;

  /** Bytes of a request without its payload. */
  public static final int REQUEST_BYTES = 28;

  /** Bytes of a simple reply without its data. */
  public static final int SIMPLE_REPLY_BYTES = 16;

  /** Bytes of a structured reply chunk's header. */
  public static final int CHUNK_BYTES = 20;

  /** Smallest block offered: any byte range is served. */
  public static final int MIN_BLOCK = 1;

  /** Block size at which nothing needs to be read before it is written. */
  public static final int PREFERRED_BLOCK = 4096;

  /** Largest payload of a read or write, bytes. */
  public static final int MAX_PAYLOAD = 32 << 20;

  /** Longest export name or other string of the protocol, bytes. */
  public static final int MAX_STRING = 4096;

  /** The one metadata context of this server. */
  public static final String BASE_ALLOCATION = "base:allocation";

  /** Handshake flags, both directions. */
  public static final int FLAG_FIXED_NEWSTYLE = 1;

  /** Handshake flag: no 124 zeroes after the answer to EXPORT_NAME. */
  public static final int FLAG_NO_ZEROES = 1 << 1;

  /** Options. */
  public static final int OPT_EXPORT_NAME = 1;

  public static final int OPT_ABORT = 2;
  public static final int OPT_LIST = 3;
  public static final int OPT_PEEK_EXPORT = 4;
  public static final int OPT_STARTTLS = 5;
  public static final int OPT_INFO = 6;
  public static final int OPT_GO = 7;
  public static final int OPT_STRUCTURED_REPLY = 8;
  public static final int OPT_LIST_META_CONTEXT = 9;
  public static final int OPT_SET_META_CONTEXT = 10;
  public static final int OPT_EXTENDED_HEADERS = 11;

  /** Option replies; errors have the top bit set. */
  public static final int REP_ACK = 1;

  public static final int REP_SERVER = 2;
  public static final int REP_INFO = 3;
  public static final int REP_META_CONTEXT = 4;
  public static final int REP_ERROR_BIT = 1 << 31;
  public static final int REP_ERR_UNSUP = REP_ERROR_BIT | 1;
  public static final int REP_ERR_POLICY = REP_ERROR_BIT | 2;
  public static final int REP_ERR_INVALID = REP_ERROR_BIT | 3;
  public static final int REP_ERR_PLATFORM = REP_ERROR_BIT | 4;
  public static final int REP_ERR_TLS_REQD = REP_ERROR_BIT | 5;
  public static final int REP_ERR_UNKNOWN = REP_ERROR_BIT | 6;
  public static final int REP_ERR_SHUTDOWN = REP_ERROR_BIT | 7;
  public static final int REP_ERR_BLOCK_SIZE_REQD = REP_ERROR_BIT | 8;
  public static final int REP_ERR_TOO_BIG = REP_ERROR_BIT | 9;

  /** Information types of INFO and GO. */
  public static final int INFO_EXPORT = 0;

  public static final int INFO_NAME = 1;
  public static final int INFO_DESCRIPTION = 2;
  public static final int INFO_BLOCK_SIZE = 3;

  /** Transmission flags. */
  public static final int HAS_FLAGS = 1;

  public static final int READ_ONLY = 1 << 1;
  public static final int SEND_FLUSH = 1 << 2;
  public static final int SEND_FUA = 1 << 3;
  public static final int ROTATIONAL = 1 << 4;
  public static final int SEND_TRIM = 1 << 5;
  public static final int SEND_WRITE_ZEROES = 1 << 6;
  public static final int SEND_DF = 1 << 7;
  public static final int CAN_MULTI_CONN = 1 << 8;
  public static final int SEND_RESIZE = 1 << 9;
  public static final int SEND_CACHE = 1 << 10;
  public static final int SEND_FAST_ZERO = 1 << 11;

  /** Commands. */
  public static final int CMD_READ = 0;

  public static final int CMD_WRITE = 1;
  public static final int CMD_DISC = 2;
  public static final int CMD_FLUSH = 3;
  public static final int CMD_TRIM = 4;
  public static final int CMD_CACHE = 5;
  public static final int CMD_WRITE_ZEROES = 6;
  public static final int CMD_BLOCK_STATUS = 7;

  /** Command flags. */
  public static final int CMD_FLAG_FUA = 1;

  public static final int CMD_FLAG_NO_HOLE = 1 << 1;
  public static final int CMD_FLAG_DF = 1 << 2;
  public static final int CMD_FLAG_REQ_ONE = 1 << 3;
  public static final int CMD_FLAG_FAST_ZERO = 1 << 4;

  /** Flag of a structured reply's last chunk. */
  public static final int REPLY_FLAG_DONE = 1;

  /** Chunk types of a structured reply; errors have bit 15 set. */
  public static final int REPLY_NONE = 0;

  public static final int REPLY_OFFSET_DATA = 1;
  public static final int REPLY_OFFSET_HOLE = 2;
  public static final int REPLY_BLOCK_STATUS = 5;
  public static final int REPLY_ERROR_BIT = 1 << 15;
  public static final int REPLY_ERROR = REPLY_ERROR_BIT | 1;
  public static final int REPLY_ERROR_OFFSET = REPLY_ERROR_BIT | 2;

  /** Errors of the transmission phase. */
  public static final int EPERM = 1;

  public static final int EIO = 5;
  public static final int ENOMEM = 12;
  public static final int EINVAL = 22;
  public static final int ENOSPC = 28;
  public static final int EOVERFLOW = 75;
  public static final int ENOTSUP = 95;
  public static final int ESHUTDOWN = 108;

  /** An error's name as the specification writes it, without the prefix; "OK" for 0. */
  public static String errorName(int error) {
    return switch (error) {
      case 0 -> "OK";
      case EPERM -> "EPERM";
      case EIO -> "EIO";
      case ENOMEM -> "ENOMEM";
      case EINVAL -> "EINVAL";
      case ENOSPC -> "ENOSPC";
      case EOVERFLOW -> "EOVERFLOW";
      case ENOTSUP -> "ENOTSUP";
      case ESHUTDOWN -> "ESHUTDOWN";
      default -> "error " + error;
    };
  }
}
