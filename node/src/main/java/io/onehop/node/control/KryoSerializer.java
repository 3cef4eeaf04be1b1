package io.onehop.node.control;

import com.esotericsoftware.kryo.kryo5.Kryo;
import com.esotericsoftware.kryo.kryo5.io.Input;
import com.esotericsoftware.kryo.kryo5.io.Output;
import com.esotericsoftware.kryo.kryo5.util.Pool;
import io.onehop.node.pool.PoolMail;
import io.onehop.node.pools.NodeMail;
import org.apache.pekko.serialization.JSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Pekko's way to our control messages: Kryo with registration required and the ids of {@link
 * WireClasses}. One leading byte is the layout's version. Thread-safe: an instance of Kryo is taken
 * from a pool for each message.
 */
public final class KryoSerializer extends JSerializer {
  /** Pekko's number of this serializer; once shipped, never another. */
  public static final int IDENTIFIER = 7401;

  /** Layout version, the first byte of every message. */
  public static final int VERSION = 1;

  /** No message is longer, bytes. */
  public static final int MAX_BYTES = 256 * 1024;

  private final Pool<Kryo> kryos =
      new Pool<>(true, false, 4) {
        @Override
        protected Kryo create() {
          return WireClasses.newKryo();
        }
      };

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public boolean includeManifest() {
    return false;
  }

  @Override
  public byte[] toBinary(Object message) {
    if (!(message instanceof PoolMail) && !(message instanceof NodeMail)) {
      throw new IllegalArgumentException("not a control message: " + message.getClass().getName());
    }
    Kryo kryo = kryos.obtain();
    try (Output out = new Output(512, MAX_BYTES)) {
      out.writeByte(VERSION);
      kryo.writeClassAndObject(out, message);
      return out.toBytes();
    } finally {
      kryo.reset();
      kryos.free(kryo);
    }
  }

  /**
   * Reads what {@link #toBinary} wrote.
   *
   * @throws IllegalArgumentException for anything that this version did not write: Pekko drops the
   *     message and logs the text
   */
  @Override
  public Object fromBinaryJava(byte[] bytes, @Nullable Class<?> manifest) {
    if (bytes.length == 0 || bytes.length > MAX_BYTES || bytes[0] != VERSION) {
      throw new IllegalArgumentException(
          "control message of another version or size: "
              + bytes.length
              + " bytes"
              + (bytes.length == 0 ? "" : ", version " + bytes[0]));
    }
    Kryo kryo = kryos.obtain();
    try (Input in = new Input(bytes, 1, bytes.length - 1)) {
      Object message = kryo.readClassAndObject(in);
      if (!in.end()) {
        throw new IllegalArgumentException("control message with bytes behind its end");
      }
      if (message instanceof PoolMail || message instanceof NodeMail) {
        return message;
      }
      throw new IllegalArgumentException("no control message: " + message);
    } catch (IllegalArgumentException e) {
      throw e;
    } catch (RuntimeException e) {
      // Kryo reports garbage with many kinds of exception; none of them may pass as another
      // problem.
      throw new IllegalArgumentException("unreadable control message: " + e, e);
    } finally {
      kryo.reset();
      kryos.free(kryo);
    }
  }
}
