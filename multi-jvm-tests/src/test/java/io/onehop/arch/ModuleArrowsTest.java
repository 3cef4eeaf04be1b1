package io.onehop.arch;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * {@code nbd -> client -> protocol <- node}; only the command line and the tests see everything.
 */
@AnalyzeClasses(packages = "io.onehop", importOptions = DoNotIncludeTests.class)
final class ModuleArrowsTest {
  private static final String[] PROTOCOL = {"io.onehop.protocol..", "io.onehop.transport.."};
  private static final String[] CLIENT = {"io.onehop.client.."};
  private static final String[] NBD = {"io.onehop.nbd..", "io.onehop.attach.."};
  private static final String[] NODE = {"io.onehop.node.."};
  private static final String[] HISTORY = {"io.onehop.history.."};

  private static final String PEKKO = "org.apache.pekko..";
  private static final String DISNI = "com.ibm.disni..";

  @ArchTest static final ArchRule protocolSeesNoOther = seesOnly(PROTOCOL);
  @ArchTest static final ArchRule clientSeesProtocol = seesOnly(CLIENT, PROTOCOL);
  @ArchTest static final ArchRule nbdSeesClient = seesOnly(NBD, CLIENT, PROTOCOL);
  @ArchTest static final ArchRule nodeSeesProtocol = seesOnly(NODE, PROTOCOL);
  @ArchTest static final ArchRule historySeesNoOther = seesOnly(HISTORY);

  @ArchTest
  static final ArchRule pekkoInControlPackagesOnly =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "io.onehop.node",
              "io.onehop.node.pool..",
              "io.onehop.node.leg..",
              "io.onehop.node.recovery..",
              "io.onehop.node.plane..",
              "io.onehop.node.pools..",
              "io.onehop.node.control..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(PEKKO)
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule disniInItsTransportOnly =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.onehop.transport.rdma..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(DISNI)
          .allowEmptyShould(true);

  /** Classes of the first group depend, within OneHop, on these groups only. */
  private static ArchRule seesOnly(String[]... groups) {
    String[] seen = Stream.of(groups).flatMap(Arrays::stream).toArray(String[]::new);
    return classes()
        .that()
        .resideInAnyPackage(groups[0])
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(seen).or(resideOutsideOfPackage("io.onehop..")))
        .allowEmptyShould(true);
  }
}
