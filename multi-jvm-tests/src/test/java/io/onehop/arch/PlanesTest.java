package io.onehop.arch;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The data plane knows the control plane's values (orders, edges), never its actors. */
@AnalyzeClasses(packages = "io.onehop", importOptions = DoNotIncludeTests.class)
final class PlanesTest {
  private static final String[] DATA = {
    "io.onehop.node.serve..",
    "io.onehop.node.store..",
    "io.onehop.node.resync..",
    "io.onehop.node.books..",
    "io.onehop.node.intent.."
  };

  private static final DescribedPredicate<JavaClass> ACTORS =
      resideInAnyPackage(
              "io.onehop.node.pool..",
              "io.onehop.node.leg..",
              "io.onehop.node.recovery..",
              "io.onehop.node.pools..",
              "io.onehop.node.control..")
          .and(describe("are actors or use Pekko", PlanesTest::isActor));

  @ArchTest
  static final ArchRule dataPlaneUsesNoPekko =
      noClasses()
          .that()
          .resideInAnyPackage(DATA)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.pekko..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule dataPlaneKnowsNoActor =
      noClasses()
          .that()
          .resideInAnyPackage(DATA)
          .should()
          .dependOnClassesThat(ACTORS)
          .allowEmptyShould(true);

  private static boolean isActor(JavaClass type) {
    return type.getSimpleName().endsWith("Actor")
        || type.getDirectDependenciesFromSelf().stream()
            .anyMatch(d -> d.getTargetClass().getPackageName().startsWith("org.apache.pekko"));
  }
}
