import io.onehop.client.Volume;
import io.onehop.client.VolumeSettings;
import io.onehop.protocol.model.Endpoint;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Attaches a pool, writes to every leg in one hop, reads it back: Example POOL HOST:PORT (data
 * address).
 */
public class Example {
  public static void main(String[] args) throws Exception {
    VolumeSettings settings = VolumeSettings.of(args[0], List.of(Endpoint.parse(args[1])));
    try (Volume volume = Volume.attach(settings)) {
      ByteBuffer hello = StandardCharsets.UTF_8.encode("hello, ");
      ByteBuffer world = StandardCharsets.UTF_8.encode("both legs");
      volume.write(0, false, hello, world).thenCompose(done -> volume.flush()).get();
      ByteBuffer back = ByteBuffer.allocate(16);
      volume.read(0, back).get();
      System.out.println(StandardCharsets.UTF_8.decode(back.rewind()));
    }
  }
}
