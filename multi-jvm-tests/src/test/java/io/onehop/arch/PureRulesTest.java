package io.onehop.arch;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;

/**
 * What decides (the model and every {@code *Machine}) has no clock, thread, file, socket or log.
 */
@AnalyzeClasses(packages = "io.onehop", importOptions = DoNotIncludeTests.class)
final class PureRulesTest {
  private static final DescribedPredicate<JavaClass> PURE =
      describe(
          "are pure (protocol.model, *Machine)",
          type ->
              type.getPackageName().startsWith("io.onehop.protocol.model")
                  || type.getName().matches("io\\.onehop\\..*Machine(\\$.*)?"));

  private static final Set<String> CLOCKS =
      Set.of(
          "java.lang.System.nanoTime",
          "java.lang.System.currentTimeMillis",
          "java.time.Clock.systemUTC",
          "java.time.Clock.systemDefaultZone",
          "java.time.Instant.now",
          "java.time.LocalDateTime.now",
          "java.time.ZonedDateTime.now");

  @ArchTest
  static final ArchRule noOutsideWorld =
      noClasses()
          .that(PURE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "java.io..",
              "java.net..",
              "java.nio.channels..",
              "java.nio.file..",
              "java.util.logging..",
              "org.slf4j..",
              "ch.qos.logback..",
              "org.apache.pekko..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule noThread =
      noClasses()
          .that(PURE)
          .should()
          .dependOnClassesThat()
          .haveNameMatching("java\\.lang\\.(Thread|System\\$Logger)(\\$.*)?")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule noClock =
      noClasses()
          .that(PURE)
          .should()
          .accessTargetWhere(describe("reads a clock", PureRulesTest::readsClock))
          .allowEmptyShould(true);

  private static boolean readsClock(JavaAccess<?> access) {
    return CLOCKS.contains(access.getTargetOwner().getName() + "." + access.getTarget().getName());
  }
}
