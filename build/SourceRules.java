import com.sun.source.tree.BindingPatternTree;
import com.sun.source.tree.CaseLabelTree;
import com.sun.source.tree.CaseTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ConstantCaseLabelTree;
import com.sun.source.tree.DeconstructionPatternTree;
import com.sun.source.tree.DefaultCaseLabelTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.ParameterizedTypeTree;
import com.sun.source.tree.PatternCaseLabelTree;
import com.sun.source.tree.PatternTree;
import com.sun.source.tree.SwitchExpressionTree;
import com.sun.source.tree.SwitchTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.lang.model.element.Modifier;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * The rules that byte code does not show:
 *
 * <ul>
 *   <li>a file has at most 400 lines;
 *   <li>a {@code switch} over a sealed type or an enum has no {@code default};
 *   <li>no {@code Thread.sleep} in main code, except in {@code io.onehop.cli} and {@code .chaos};
 *   <li>no package named util, common, helper, misc, impl or base, no type named *Manager, *Helper
 *       or *Utils;
 *   <li>every package has a {@code package-info.java} with {@code @NullMarked}.
 * </ul>
 *
 * <p>Files are parsed, not attributed: types go by their simple names. The rule for {@code default}
 * knows the enums and sealed types declared in this tree, and recognises a switch by its labels,
 * all of which must belong to one of them. So it does not see a switch over an enum or sealed type
 * of a library or the JDK, nor one whose only label is {@code default}, nor one over an enum where
 * the file also has fields of all those names; and it may mistake a statically imported constant
 * for an enum's constant of the same name. The rule for {@code Thread.sleep} does not see the JDK's
 * other ways to sleep.
 */
final class SourceRules {
  private static final int MAX_LINES = 400;
  private static final Set<String> PACKAGES =
      Set.of("util", "common", "helper", "misc", "impl", "base");
  private static final List<String> SUFFIXES = List.of("Manager", "Helper", "Utils");

  private final Path root;
  private final List<String> problems = new ArrayList<>();
  private final Map<String, List<Set<String>>> enums = new TreeMap<>();
  private final Map<String, Set<String>> sealed = new HashMap<>();

  SourceRules(Path root) {
    this.root = root;
  }

  List<String> check(Map<Path, String> sources) throws IOException {
    var diagnostics = new DiagnosticCollector<JavaFileObject>();
    Map<URI, Source> files = new TreeMap<>();
    sources.forEach((path, text) -> files.put(path.toUri(), new Source(path, text)));
    var task =
        (JavacTask)
            ToolProvider.getSystemJavaCompiler()
                .getTask(null, null, diagnostics, List.of("-proc:none"), null, files.values());
    List<CompilationUnitTree> units = new ArrayList<>();
    task.parse().forEach(units::add);
    units.forEach(unit -> unit.accept(new Declarations(), null));
    Map<String, Boolean> nullMarked = new TreeMap<>();
    for (CompilationUnitTree unit : units) {
      Source file = files.get(unit.getSourceFile().toUri());
      checkFile(file, unit, nullMarked);
      unit.accept(new Bodies(unit, file, Trees.instance(task)), null);
    }
    nullMarked.forEach((where, present) -> {
      if (!present) {
        problems.add(where + ": has no package-info.java with @NullMarked");
      }
    });
    return problems;
  }

  private void checkFile(Source file, CompilationUnitTree unit, Map<String, Boolean> nullMarked) {
    long lines = file.text.lines().count();
    if (lines > MAX_LINES) {
      problems.add(name(file) + ": " + lines + " lines, at most " + MAX_LINES + " are allowed");
    }
    if (unit.getPackageName() == null) {
      return;
    }
    String packageName = unit.getPackageName().toString();
    for (String part : packageName.split("\\.")) {
      if (PACKAGES.contains(part)) {
        problems.add(name(file) + ": package name '" + part + "' says nothing about its content");
      }
    }
    // Main and test code of a module share a package: one package-info is enough.
    Path relative = root.relativize(file.path);
    String where = relative.getName(0) + ": package " + packageName;
    boolean marked =
        file.path.endsWith("package-info.java")
            && unit.getPackage().getAnnotations().stream()
                .anyMatch(a -> simpleName(a.getAnnotationType()).equals("NullMarked"));
    nullMarked.merge(where, marked, Boolean::logicalOr);
  }

  private String name(Source file) {
    return root.relativize(file.path).toString();
  }

  private static String simpleName(Tree type) {
    return switch (type) {
      case ParameterizedTypeTree generic -> simpleName(generic.getType());
      case MemberSelectTree select -> select.getIdentifier().toString();
      case IdentifierTree identifier -> identifier.getName().toString();
      default -> type.toString();
    };
  }

  /** One file in memory. */
  private static final class Source extends SimpleJavaFileObject {
    private final Path path;
    private final String text;

    Source(Path path, String text) {
      super(path.toUri(), Kind.SOURCE);
      this.path = path;
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** Collects the enums and the sealed types with what they permit. */
  private final class Declarations extends TreeScanner<Void, Void> {
    private final Set<String> sealedHere = new HashSet<>();

    @Override
    public Void visitClass(ClassTree type, Void unused) {
      String name = type.getSimpleName().toString();
      if (type.getKind() == Tree.Kind.ENUM) {
        Set<String> constants = new HashSet<>();
        enums.computeIfAbsent(name, _ -> new ArrayList<>()).add(constants);
        for (Tree member : type.getMembers()) {
          if (member instanceof VariableTree field && simpleName(field.getType()).equals(name)) {
            constants.add(field.getName().toString());
          }
        }
      }
      if (type.getModifiers().getFlags().contains(Modifier.SEALED)) {
        sealedHere.add(name);
        Set<String> permitted = sealed.computeIfAbsent(name, _ -> new HashSet<>());
        type.getPermitsClause().forEach(permit -> permitted.add(simpleName(permit)));
      }
      List<Tree> supertypes = new ArrayList<>(type.getImplementsClause());
      if (type.getExtendsClause() != null) {
        supertypes.add(type.getExtendsClause());
      }
      for (Tree supertype : supertypes) {
        // Without a permits clause, the subtypes in the same file are the permitted ones.
        if (sealedHere.contains(simpleName(supertype))) {
          sealed.get(simpleName(supertype)).add(name);
        }
      }
      return super.visitClass(type, unused);
    }
  }

  /** Checks the code of one file. */
  private final class Bodies extends TreeScanner<Void, Void> {
    private final CompilationUnitTree unit;
    private final Source file;
    private final Trees trees;
    private final boolean maySleep;
    private final Set<String> fields = new HashSet<>();

    Bodies(CompilationUnitTree unit, Source file, Trees trees) {
      this.unit = unit;
      this.file = file;
      this.trees = trees;
      String packageName = String.valueOf(unit.getPackageName());
      boolean mainCode = file.path.toString().contains("/src/main/");
      this.maySleep =
          !mainCode
              || packageName.equals("io.onehop.cli")
              || packageName.equals("io.onehop.chaos")
              || packageName.startsWith("io.onehop.cli.");
    }

    @Override
    public Void visitClass(ClassTree type, Void unused) {
      for (String suffix : SUFFIXES) {
        if (type.getSimpleName().toString().endsWith(suffix)) {
          report(type, "type name ends in '" + suffix + "': name what it does");
        }
      }
      if (type.getKind() != Tree.Kind.ENUM) {
        for (Tree member : type.getMembers()) {
          if (member instanceof VariableTree field) {
            fields.add(field.getName().toString());
          }
        }
      }
      return super.visitClass(type, unused);
    }

    @Override
    public Void visitMemberSelect(MemberSelectTree tree, Void unused) {
      if (!maySleep
          && tree.getIdentifier().contentEquals("sleep")
          && simpleName(tree.getExpression()).equals("Thread")) {
        report(tree, "Thread.sleep in main code");
      }
      return super.visitMemberSelect(tree, unused);
    }

    @Override
    public Void visitSwitch(SwitchTree tree, Void unused) {
      checkSwitch(tree, tree.getCases());
      return super.visitSwitch(tree, unused);
    }

    @Override
    public Void visitSwitchExpression(SwitchExpressionTree tree, Void unused) {
      checkSwitch(tree, tree.getCases());
      return super.visitSwitchExpression(tree, unused);
    }

    private void checkSwitch(Tree tree, List<? extends CaseTree> cases) {
      boolean hasDefault = false;
      Set<String> constants = new HashSet<>();
      Set<String> types = new HashSet<>();
      for (CaseTree branch : cases) {
        for (CaseLabelTree label : branch.getLabels()) {
          switch (label) {
            case DefaultCaseLabelTree _ -> hasDefault = true;
            case PatternCaseLabelTree pattern -> addType(pattern.getPattern(), types);
            case ConstantCaseLabelTree constant -> addConstant(constant, constants);
            default -> {}
          }
        }
      }
      if (!hasDefault) {
        return;
      }
      if (types.isEmpty() && !fields.containsAll(constants)) {
        reportEnum(tree, constants);
      } else if (constants.isEmpty() && !types.isEmpty()) {
        reportSealed(tree, types);
      }
    }

    private void reportEnum(Tree tree, Set<String> constants) {
      enums.forEach((name, declared) -> {
        // A qualified label (Kind.READ) must name this very enum.
        Set<String> labels = new HashSet<>();
        constants.forEach(
            c -> labels.add(c.startsWith(name + ".") ? c.substring(name.length() + 1) : c));
        if (declared.stream().anyMatch(known -> known.containsAll(labels))) {
          report(tree, "switch over enum " + name + " has a default");
        }
      });
    }

    private void reportSealed(Tree tree, Set<String> types) {
      permittedTransitively().entrySet().stream()
          .filter(e -> e.getValue().containsAll(types))
          .map(Map.Entry::getKey)
          .sorted()
          .findFirst()
          .ifPresent(name -> report(tree, "switch over sealed type " + name + " has a default"));
    }

    private void addType(PatternTree pattern, Collection<String> types) {
      switch (pattern) {
        case BindingPatternTree binding -> {
          Tree type = binding.getVariable().getType();
          types.add(type == null ? "" : simpleName(type));
        }
        case DeconstructionPatternTree record -> types.add(simpleName(record.getDeconstructor()));
        default -> types.add("");
      }
    }

    private void addConstant(ConstantCaseLabelTree label, Collection<String> constants) {
      ExpressionTree constant = label.getConstantExpression();
      if (constant.getKind() != Tree.Kind.NULL_LITERAL) {
        String name = simpleName(constant);
        boolean qualified = constant instanceof MemberSelectTree;
        constants.add(
            qualified
                ? simpleName(((MemberSelectTree) constant).getExpression()) + "." + name
                : name);
      }
    }

    private Map<String, Set<String>> permittedTransitively() {
      Map<String, Set<String>> all = new HashMap<>();
      sealed.keySet().forEach(name -> all.put(name, permitted(name, new HashSet<>())));
      return all;
    }

    private Set<String> permitted(String name, Set<String> seen) {
      for (String subtype : sealed.getOrDefault(name, Set.of())) {
        if (seen.add(subtype)) {
          permitted(subtype, seen);
        }
      }
      return seen;
    }

    private void report(Tree tree, String problem) {
      long position = trees.getSourcePositions().getStartPosition(unit, tree);
      long line = position < 0 ? 0 : unit.getLineMap().getLineNumber(position);
      problems.add(name(file) + ":" + line + ": " + problem);
    }
  }
}
