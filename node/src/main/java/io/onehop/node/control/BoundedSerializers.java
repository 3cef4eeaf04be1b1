package io.onehop.node.control;

import com.esotericsoftware.kryo.kryo5.Kryo;
import com.esotericsoftware.kryo.kryo5.KryoException;
import com.esotericsoftware.kryo.kryo5.Serializer;
import com.esotericsoftware.kryo.kryo5.io.Input;
import com.esotericsoftware.kryo.kryo5.io.Output;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.protocol.wire.WireException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Serializers that check a length before they make room for it. */
final class BoundedSerializers {
  private static final int MAX_TEXT = 16 * 1024;
  private static final int MAX_ITEMS = 10_000;

  private BoundedSerializers() {}

  private static byte[] bytes(Input in, int most) {
    int n = in.readInt();
    if (n < 0 || n > most || n > in.limit() - in.position()) {
      throw new KryoException("length " + n + " is out of range");
    }
    return in.readBytes(n);
  }

  private static void bytes(Output out, byte[] b, int most, String what) {
    if (b.length > most) {
      throw new KryoException(what + " of " + b.length + " bytes is too long");
    }
    out.writeInt(b.length);
    out.writeBytes(b);
  }

  /** UTF-8 behind its length. */
  static final class Text extends Serializer<String> {
    Text() {
      super(false, true);
    }

    @Override
    public void write(Kryo kryo, Output out, String s) {
      bytes(out, s.getBytes(StandardCharsets.UTF_8), MAX_TEXT, "text");
    }

    @Override
    public String read(Kryo kryo, Input in, Class<? extends String> type) {
      return new String(bytes(in, MAX_TEXT), StandardCharsets.UTF_8);
    }
  }

  /** A view as everywhere else on the wire. */
  static final class View extends Serializer<PoolView> {
    View() {
      super(false, true);
    }

    @Override
    public void write(Kryo kryo, Output out, PoolView view) {
      bytes(out, ViewCodec.encode(view), ViewCodec.MAX_BYTES, "view");
    }

    @Override
    public PoolView read(Kryo kryo, Input in, Class<? extends PoolView> type) {
      try {
        return ViewCodec.decode(ByteBuffer.wrap(bytes(in, ViewCodec.MAX_BYTES)));
      } catch (WireException e) {
        throw new KryoException("unreadable view: " + e.getMessage(), e);
      }
    }
  }

  /** Any list, item by item with their classes; read back as an immutable one. */
  @SuppressWarnings("rawtypes") // registered for the raw interface
  static final class Items extends Serializer<List> {
    @Override
    public void write(Kryo kryo, Output out, List list) {
      if (list.size() > MAX_ITEMS) {
        throw new KryoException("list of " + list.size() + " items is too long");
      }
      out.writeInt(list.size());
      for (Object o : list) {
        kryo.writeClassAndObject(out, o);
      }
    }

    @Override
    public List read(Kryo kryo, Input in, Class<? extends List> type) {
      int n = in.readInt();
      if (n < 0 || n > MAX_ITEMS || n > in.limit() - in.position()) {
        throw new KryoException("list of " + n + " items is out of range");
      }
      List<Object> list = new ArrayList<>(n);
      for (int i = 0; i < n; i++) {
        list.add(kryo.readClassAndObject(in));
      }
      return List.copyOf(list);
    }
  }

  /** One of the messages behind a sealed interface. */
  static final class OneOf<T> extends Serializer<T> {
    private final Class<T> type;

    OneOf(Class<T> type) {
      this.type = type;
    }

    @Override
    public void write(Kryo kryo, Output out, T message) {
      kryo.writeClassAndObject(out, message);
    }

    @Override
    public T read(Kryo kryo, Input in, Class<? extends T> wanted) {
      Object o = kryo.readClassAndObject(in);
      if (!type.isInstance(o)) {
        throw new KryoException(o + " is no " + type.getSimpleName());
      }
      return type.cast(o);
    }
  }
}
