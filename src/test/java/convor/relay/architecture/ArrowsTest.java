package convor.relay.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The arrows between the folders go one way. */
@AnalyzeClasses(packages = "convor.relay", importOptions = ImportOption.DoNotIncludeTests.class)
class ArrowsTest {
  private static ArchRule only(String from, String... to) {
    String[] allowed = new String[to.length + 1];
    allowed[0] = "convor.relay." + from + "..";
    for (int i = 0; i < to.length; i++) {
      allowed[i + 1] = "convor.relay." + to[i] + "..";
    }
    DescribedPredicate<JavaClass> others =
        resideInAPackage("convor.relay..").and(DescribedPredicate.not(resideInAnyPackage(allowed)));
    return noClasses()
        .that()
        .resideInAPackage("convor.relay." + from + "..")
        .should()
        .dependOnClassesThat(others)
        .allowEmptyShould(true);
  }

  @ArchTest static final ArchRule verify_knows_nobody = only("verify");
  @ArchTest static final ArchRule store_knows_nobody = only("store");
  @ArchTest static final ArchRule inbox_knows_the_store = only("inbox", "store");
  @ArchTest static final ArchRule poll_knows_the_store = only("poll", "store", "inbox");

  @ArchTest
  static final ArchRule receive_knows_what_verifies_and_what_stores =
      only("receive", "verify", "inbox", "store");

  @ArchTest
  static final ArchRule operate_knows_what_is_stored_and_delivered =
      only("operate", "store", "inbox");

  @ArchTest static final ArchRule the_sandbox_knows_how_to_sign = only("sandbox", "verify");

  @ArchTest
  static final ArchRule the_benchmark_knows_how_to_sign_and_what_stores =
      only("bench", "verify", "store");

  @ArchTest
  static final ArchRule only_commands_know_the_wiring =
      noClasses()
          .that()
          .resideOutsideOfPackages("convor.relay.app..", "convor.relay.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("convor.relay.app..");

  @ArchTest
  static final ArchRule only_main_knows_the_commands =
      noClasses()
          .that()
          .resideOutsideOfPackage("convor.relay.cli..")
          .and(DescribedPredicate.not(name("convor.relay.Main")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("convor.relay.cli..");

  @ArchTest
  static final ArchRule there_is_no_way_in_a_circle =
      slices().matching("convor.relay.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule only_the_store_speaks_sql =
      noClasses()
          .that()
          .resideOutsideOfPackage("convor.relay.store..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "javax.sql..", "org.flywaydb..");

  @ArchTest
  static final ArchRule verifying_and_storing_do_not_need_camel =
      noClasses()
          .that()
          .resideInAnyPackage("convor.relay.verify..", "convor.relay.store..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.camel..", "io.vertx..");

  @ArchTest
  static final ArchRule verifying_does_no_input_or_output =
      noClasses()
          .that()
          .resideInAPackage("convor.relay.verify..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.net.http..", "java.nio.file..", "java.nio.channels..");

  /** The time is an argument or an InstantSource: a test sets it. */
  @ArchTest
  static final ArchRule nobody_asks_for_the_time_himself =
      noClasses()
          .should()
          .callMethod(java.time.Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(java.time.LocalDate.class, "now")
          .orShould()
          .callMethod(java.time.LocalDateTime.class, "now")
          .orShould()
          .callMethod(java.time.OffsetDateTime.class, "now")
          .orShould()
          .callMethod(java.time.ZonedDateTime.class, "now")
          .orShould()
          .callConstructor(java.util.Date.class);

  @ArchTest
  static final ArchRule only_commands_take_the_systems_clock =
      noClasses()
          .that()
          .resideOutsideOfPackages("convor.relay.cli..", "convor.relay.sandbox..")
          .should()
          .callMethod(java.time.InstantSource.class, "system");

  @ArchTest
  static final ArchRule only_commands_print =
      noClasses()
          .that()
          .resideOutsideOfPackages("convor.relay.cli..")
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err");

  @ArchTest
  static final ArchRule names_are_the_fields =
      classes()
          .should()
          .haveSimpleNameNotEndingWith("Manager")
          .andShould()
          .haveSimpleNameNotEndingWith("Helper")
          .andShould()
          .haveSimpleNameNotEndingWith("Util")
          .andShould()
          .haveSimpleNameNotEndingWith("Utils")
          .andShould()
          .haveSimpleNameNotEndingWith("Impl");
}
