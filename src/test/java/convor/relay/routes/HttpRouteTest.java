package convor.relay.routes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.sandbox.Destination;
import convor.relay.sandbox.Fault;
import convor.relay.sandbox.Fault.Mode;
import convor.relay.testing.TestRelay;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How each route that calls over HTTP takes what can happen to a call. */
abstract class HttpRouteTest extends RouteTest {
  private final String connector;
  private final Destination destination;
  private final String path;
  private final String kind;

  /**
   * @param path of the call that has the effect
   * @param kind of the effect
   */
  HttpRouteTest(String connector, Destination destination, String path, String kind) {
    this.connector = connector;
    this.destination = destination;
    this.path = path;
    this.kind = kind;
  }

  /** Sets what the connector requires of an organization. */
  abstract void configure(String org);

  /** What the destination has to have before. */
  void prepareDestination() {}

  /** An event that the connector takes. */
  abstract String event();

  /** What the connector does after an attempt whose outcome nobody knows. */
  void afterLostAnswer() {
    Map<String, Object> done = delivery(connector, 1, "done");
    assertThat(done).containsEntry("attempt", 2).containsEntry("outcome_unknown", false);
    assertThat(done.get("remote_id")).isNotNull();
    assertThat(destinations.effects(destination).stream().filter(e -> e.kind().startsWith(kind)))
        .extracting("id")
        .containsOnly(effects(destination, kind).get(0).id());
    assertThat(effects(destination, kind)).hasSize(1);
  }

  final void start() {
    configure("acme");
    prepareDestination();
    relay.shippedRoute(connector).start();
  }

  private void fault(Fault fault) {
    destinations.fault(destination, fault.onPath(path));
  }

  @Test
  void a_failing_destination_is_tried_again() {
    start();
    fault(Fault.fail(500).times(2));
    send(event());
    assertThat(delivery(connector, 1, "done")).containsEntry("attempt", 3);
    assertThat(effects(destination, kind)).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"LOSE_ANSWER", "HALF_ANSWER", "DRIBBLE"})
  void what_was_done_although_no_answer_came_is_done_once(Mode lost) {
    start();
    fault(Fault.of(lost).times(1));
    send(event());
    afterLostAnswer();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_limit_holds_the_pair_and_spends_no_attempt(boolean asDate) {
    start();
    fault(Fault.of(asDate ? Mode.LIMIT_DATE : Mode.LIMIT).retryAfter(3600));
    long before = System.currentTimeMillis();
    send(event());
    Map<String, Object> pair =
        await()
            .atMost(PATIENCE)
            .until(() -> pair(connector, "acme"), p -> p.get("wait_until") != null);
    assertThat((long) pair.get("wait_until"))
        .isBetween(before + 3_598_000, System.currentTimeMillis() + 3_601_000);
    assertThat(delivery(connector, 1, "waiting"))
        .containsEntry("attempt", 0)
        .containsEntry("status", 429);
  }

  @Test
  void after_a_limit_it_goes_on() {
    start();
    fault(Fault.of(Mode.LIMIT).retryAfter(1).times(1));
    send(event());
    assertThat(delivery(connector, 1, "done")).containsEntry("attempt", 1);
    assertThat(effects(destination, kind)).hasSize(1);
  }

  @Test
  void refused_credentials_pause_the_pair_and_spend_no_attempt() {
    start();
    destinations.fault(destination, Fault.of(Mode.REFUSE));
    send(event());
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(pair(connector, "acme")).containsEntry("state", "paused"));
    assertThat(delivery(connector, 1, "waiting"))
        .containsEntry("attempt", 0)
        .containsEntry("status", 401);
    assertThat(effects(destination, kind)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"NOT_FOUND", "BAD_REQUEST"})
  void what_the_destination_will_never_take_is_dead(Mode mode) {
    start();
    fault(Fault.of(mode));
    send(event());
    Map<String, Object> dead = delivery(connector, 1, "dead");
    assertThat(dead).containsEntry("status", mode == Mode.NOT_FOUND ? 404 : 400);
    assertThat((String) dead.get("excerpt")).isNotBlank();
  }

  @Test
  void an_organization_without_the_settings_is_not_subscribed() {
    relay.set("relay.orgs.globex.webhook.secrets", TestRelay.SECRET);
    start();
    send("globex", event());
    send("acme", event());
    delivery(connector, 2, "done");
    assertThat(pair(connector, "globex")).isEmpty();
    assertThat(effects(destination, kind)).hasSize(1);
  }

  @Test
  void a_destination_that_hangs_is_given_up_and_tried_again() {
    relay.set("relay.call.timeout", "500ms");
    start();
    fault(Fault.of(Mode.HANG).times(1));
    send(event());
    Map<String, Object> row =
        await()
            .atMost(PATIENCE)
            .until(
                () -> row("select * from delivery where connector = ?", connector),
                r -> "done".equals(r.get("state")) || "dead".equals(r.get("state")));
    assertThat(row).containsEntry("attempt", 2);
    assertThat(effects(destination, kind)).hasSizeLessThanOrEqualTo(1);
  }
}
