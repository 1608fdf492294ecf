package convor.relay.inbox;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.store.Claim;
import convor.relay.store.Event;
import convor.relay.store.Pair;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AttemptTest {
  private static Claim claim(
      String connector, String org, String source, String key, int attempt, String body) {
    Event event =
        new Event(
            org,
            source,
            key,
            "t",
            null,
            null,
            Instant.EPOCH,
            Map.of(),
            body.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    return new Claim(
        new Pair(connector, org), attempt, event, attempt, attempt, false, Instant.EPOCH);
  }

  @Test
  void the_idempotency_key_is_the_same_for_every_attempt_and_over_versions_of_the_relay() {
    String first = Attempt.idempotencyKey(claim("ticket", "acme", "convor", "evt_1", 1, "one"));
    String later = Attempt.idempotencyKey(claim("ticket", "acme", "convor", "evt_1", 7, "two"));
    assertThat(later).isEqualTo(first);
    // printf 'ticket\0acme\0convor\0evt_1' | sha256sum: a destination knows the key of yesterday's
    // version
    assertThat(first).isEqualTo("150b9cc8c2c2443927df5b554e41c830");
  }

  @Test
  void the_idempotency_key_is_another_for_every_connector_organization_source_and_key() {
    List<List<String>> deliveries =
        List.of(
            List.of("ticket", "acme", "convor", "evt_1"),
            List.of("task", "acme", "convor", "evt_1"),
            List.of("ticket", "other", "convor", "evt_1"),
            List.of("ticket", "acme", "github", "evt_1"),
            List.of("ticket", "acme", "convor", "evt_2"),
            List.of("ticket", "acme", "convorevt", "_1"));
    Set<String> keys = new HashSet<>();
    for (List<String> d : deliveries) {
      keys.add(Attempt.idempotencyKey(claim(d.get(0), d.get(1), d.get(2), d.get(3), 1, "")));
    }
    assertThat(keys).hasSize(deliveries.size());
  }
}
