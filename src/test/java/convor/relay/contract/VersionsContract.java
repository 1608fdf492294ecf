package convor.relay.contract;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.store.Claim;
import convor.relay.store.Event;
import convor.relay.store.Pair;
import convor.relay.store.Pruning;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The newest version of each subject is remembered. */
abstract class VersionsContract extends StoreContract {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  VersionsContract(Databases databases) {
    super(databases);
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
    store.deliveries.rememberVersion(claim("2026-11-23T10:00:01Z"), NOW);
    assertThat(store.deliveries.newerVersion(claim("2026-11-23T10:00:00Z")))
        .contains("2026-11-23T10:00:01Z");
    assertThat(store.deliveries.newerVersion(claim("2026-11-23T10:00:01Z"))).isEmpty();
    assertThat(store.deliveries.newerVersion(claim("2026-11-23T10:00:02Z"))).isEmpty();
  }

  @Test
  void an_older_version_is_not_remembered_in_the_place_of_a_newer_one() {
    store.deliveries.rememberVersion(claim("2"), NOW);
    store.deliveries.rememberVersion(claim("3"), NOW);
    store.deliveries.rememberVersion(claim("1"), NOW);
    assertThat(store.deliveries.newerVersion(claim("1"))).contains("3");
  }

  @Test
  void connectors_organizations_and_subjects_have_versions_of_their_own() {
    store.deliveries.rememberVersion(claim("2"), NOW);
    assertThat(store.deliveries.newerVersion(claim("other", "acme", "visitor/v_1", "1"))).isEmpty();
    assertThat(store.deliveries.newerVersion(claim("crm", "globex", "visitor/v_1", "1"))).isEmpty();
    assertThat(store.deliveries.newerVersion(claim("crm", "acme", "visitor/v_2", "1"))).isEmpty();
  }

  @Test
  void without_a_subject_or_a_version_nothing_is_older() {
    store.deliveries.rememberVersion(claim("2"), NOW);
    store.deliveries.rememberVersion(claim(null), NOW);
    store.deliveries.rememberVersion(claim("crm", "acme", null, "3"), NOW);
    assertThat(store.deliveries.newerVersion(claim(null))).isEmpty();
    assertThat(store.deliveries.newerVersion(claim("crm", "acme", null, "1"))).isEmpty();
    assertThat(store.deliveries.newerVersion(claim("1"))).contains("2");
  }

  @Test
  void versions_are_forgotten_with_the_keys() {
    store.deliveries.rememberVersion(claim("2"), NOW);
    new Pruning(store.database).forgetKeys(NOW, () -> true);
    assertThat(store.deliveries.newerVersion(claim("1"))).isPresent();
    new Pruning(store.database).forgetKeys(NOW.plus(Duration.ofMillis(1)), () -> true);
    assertThat(store.deliveries.newerVersion(claim("1"))).isEmpty();
  }
}
