package convor.relay.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VersionsTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  @TempDir private Path folder;
  private Database database;
  private Deliveries deliveries;

  @BeforeEach
  void open() {
    database =
        Database.open(
            new StoreSettings("jdbc:h2:file:" + folder.resolve("relay"), null, null, 4, 100, 10));
    deliveries = new Deliveries(database);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private static Claim claim(String connector, String org, String subject, String version) {
    Event event =
        new Event(org, "convor", "k", "a.b", subject, version, NOW, Map.of(), new byte[0]);
    return new Claim(new Pair(connector, org), 1, event, 1, 1, false, NOW);
  }

  private static Claim claim(String version) {
    return claim("crm", "acme", "visitor/v_1", version);
  }

  @Test
  void a_version_that_is_older_than_a_remembered_one_is_told() {
    deliveries.rememberVersion(claim("2026-11-23T10:00:01Z"), NOW);
    assertThat(deliveries.newerVersion(claim("2026-11-23T10:00:00Z")))
        .contains("2026-11-23T10:00:01Z");
    assertThat(deliveries.newerVersion(claim("2026-11-23T10:00:01Z"))).isEmpty();
    assertThat(deliveries.newerVersion(claim("2026-11-23T10:00:02Z"))).isEmpty();
  }

  @Test
  void an_older_version_is_not_remembered_in_the_place_of_a_newer_one() {
    deliveries.rememberVersion(claim("2"), NOW);
    deliveries.rememberVersion(claim("3"), NOW);
    deliveries.rememberVersion(claim("1"), NOW);
    assertThat(deliveries.newerVersion(claim("1"))).contains("3");
  }

  @Test
  void connectors_organizations_and_subjects_have_versions_of_their_own() {
    deliveries.rememberVersion(claim("2"), NOW);
    assertThat(deliveries.newerVersion(claim("other", "acme", "visitor/v_1", "1"))).isEmpty();
    assertThat(deliveries.newerVersion(claim("crm", "globex", "visitor/v_1", "1"))).isEmpty();
    assertThat(deliveries.newerVersion(claim("crm", "acme", "visitor/v_2", "1"))).isEmpty();
  }

  @Test
  void without_a_subject_or_a_version_nothing_is_older() {
    deliveries.rememberVersion(claim("2"), NOW);
    deliveries.rememberVersion(claim(null), NOW);
    deliveries.rememberVersion(claim("crm", "acme", null, "3"), NOW);
    assertThat(deliveries.newerVersion(claim(null))).isEmpty();
    assertThat(deliveries.newerVersion(claim("crm", "acme", null, "1"))).isEmpty();
    assertThat(deliveries.newerVersion(claim("1"))).contains("2");
  }

  @Test
  void versions_are_forgotten_with_the_keys() {
    deliveries.rememberVersion(claim("2"), NOW);
    new Pruning(database).forgetKeys(NOW);
    assertThat(deliveries.newerVersion(claim("1"))).isPresent();
    new Pruning(database).forgetKeys(NOW.plus(Duration.ofMillis(1)));
    assertThat(deliveries.newerVersion(claim("1"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-23T10:00:00Z, 2026-11-23T10:00:00.5Z, true", // by their letters it would be the other
    // way round
    "2026-11-23T10:00:00+02:00, 2026-11-23T09:00:00Z, true",
    "2026-11-23T10:00:00Z, 2026-11-23T12:00:00+02:00, false",
    "9, 10, true",
    "1732356000.5, 1732356000, false",
    "9, 2026-11-23T10:00:00Z, false",
    "a, b, false",
  })
  void versions_are_compared_as_times_or_numbers(String version, String than, boolean older) {
    assertThat(Versions.isOlder(version, than)).isEqualTo(older);
  }
}
