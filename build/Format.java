import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Formats every Java file of the tree and checks the source rules: {@code Format ROOT check|fix}.
 *
 * <p>The root pom starts it from source in phase {@code validate}. {@code fix} repairs the format;
 * what {@link SourceRules} finds is for a person to repair.
 */
final class Format {
  private Format() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 2 || !List.of("check", "fix").contains(args[1])) {
      System.err.println("usage: Format ROOT check|fix");
      System.exit(2);
    }
    Path root = Path.of(args[0]).toAbsolutePath().normalize();
    boolean fix = args[1].equals("fix");
    Map<Path, String> sources = read(root);
    List<String> problems =
        sources.entrySet().parallelStream()
            .flatMap(e -> format(root, e, fix).stream())
            .collect(Collectors.toCollection(ArrayList::new));
    problems.addAll(new SourceRules(root).check(fix ? read(root) : sources));
    problems.stream().sorted().forEach(System.err::println);
    if (!problems.isEmpty()) {
      System.err.println(problems.size() + " problems; -Dformat=fix repairs the format");
      System.exit(1);
    }
  }

  /** All Java files, except what a build makes and hidden folders. */
  private static Map<Path, String> read(Path root) throws IOException {
    Map<Path, String> sources = new TreeMap<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            String name = dir.getFileName().toString();
            boolean skip = !dir.equals(root) && (name.equals("target") || name.startsWith("."));
            return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (file.toString().endsWith(".java")) {
              sources.put(file, Files.readString(file));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return sources;
  }

  private static List<String> format(Path root, Map.Entry<Path, String> source, boolean fix) {
    Path file = source.getKey();
    try {
      String formatted = new Formatter().formatSourceAndFixImports(source.getValue());
      if (formatted.equals(source.getValue())) {
        return List.of();
      }
      if (fix) {
        Files.writeString(file, formatted);
        System.err.println("formatted " + root.relativize(file));
        return List.of();
      }
      return List.of(root.relativize(file) + ": not formatted");
    } catch (FormatterException | IOException e) {
      return List.of(root.relativize(file) + ": " + e.getMessage());
    }
  }
}
