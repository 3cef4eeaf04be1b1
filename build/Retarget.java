import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Rewrites a jar's class files to version 52: {@code Retarget IN OUT}.
 *
 * <p>picocli's are of version 49, which no start-up cache of the JVM takes: without this, commands
 * start a third slower.
 */
final class Retarget {
  private static final ClassFile CLASS_FILE =
      ClassFile.of(
          ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
          ClassFile.ConstantPoolSharingOption.NEW_POOL,
          ClassFile.ClassHierarchyResolverOption.of(
              ClassHierarchyResolver.ofClassLoading(ClassLoader.getSystemClassLoader())));

  /** A new version needs new stack maps, hence method bodies are written anew. */
  private static final ClassTransform TRANSFORM =
      ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
          .andThen((builder, element) -> {
            if (element instanceof ClassFileVersion) {
              builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
            } else {
              builder.with(element);
            }
          });

  private Retarget() {}

  public static void main(String[] args) throws IOException {
    Path out = Path.of(args[1]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    try (var from = new ZipInputStream(Files.newInputStream(Path.of(args[0])));
        var to = new ZipOutputStream(Files.newOutputStream(out))) {
      for (ZipEntry entry = from.getNextEntry(); entry != null; entry = from.getNextEntry()) {
        var copy = new ZipEntry(entry.getName());
        copy.setTimeLocal(entry.getTimeLocal());
        to.putNextEntry(copy);
        boolean rewritten =
            entry.getName().startsWith("picocli/") && entry.getName().endsWith(".class");
        to.write(rewritten ? rewrite(from) : from.readAllBytes());
        to.closeEntry();
      }
    }
  }

  private static byte[] rewrite(InputStream classFile) throws IOException {
    return CLASS_FILE.transformClass(CLASS_FILE.parse(classFile.readAllBytes()), TRANSFORM);
  }
}
