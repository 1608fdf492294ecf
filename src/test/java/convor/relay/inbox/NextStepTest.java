package convor.relay.inbox;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.inbox.NextStep.Ended;
import convor.relay.inbox.Outcome.Kind;
import convor.relay.store.Claim;
import convor.relay.store.Deliveries.Decision;
import convor.relay.store.Event;
import convor.relay.store.Pair;
import convor.relay.store.PairStatus;
import convor.relay.store.PairStatus.State;
import convor.relay.store.Pairs;
import convor.relay.store.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The outcome table: what an attempt's end means for its delivery and for its pair. */
class NextStepTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final Duration GIVE_UP = Duration.ofDays(3);
  private static final List<Duration> BACKOFF =
      List.of(Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(2));
  private static final DeliveryLimits LIMITS =
      new DeliveryLimits(
          Duration.ofSeconds(90),
          BACKOFF,
          0.2,
          20,
          Duration.ofMinutes(1),
          Duration.ofSeconds(30),
          Duration.ofHours(24),
          1024,
          Duration.ofSeconds(1),
          Duration.ofSeconds(30));
  private static final PairStatus ACTIVE =
      new PairStatus(7, State.ACTIVE, null, null, 3, NOW.minusSeconds(600), Instant.EPOCH);

  private double random = 0.5; // no jitter

  private NextStep step() {
    return new NextStep(LIMITS, GIVE_UP, () -> random);
  }

  private static Claim claim(int attempt, boolean unknown, Instant startedAt) {
    Event event = new Event("acme", "convor", "k", "t", null, null, NOW, Map.of(), new byte[0]);
    return new Claim(new Pair("slack", "acme"), 1, event, 99, attempt, unknown, startedAt);
  }

  private static Ended ended(Outcome outcome) {
    return new Ended(claim(1, false, NOW), outcome);
  }

  private static Ended ended(Kind kind) {
    return ended(new Outcome(kind, null, "because", null, null, null));
  }

  private static Ended limited(Duration retryAfter) {
    return ended(new Outcome(Kind.LIMITED, 429, "HTTP 429", null, null, retryAfter));
  }

  private Decision decide(PairStatus status, Ended... attempts) {
    return step().decide(status, List.of(attempts), NOW);
  }

  @ParameterizedTest
  @CsvSource({
    // kind, state, seconds until it is due, attempts spent, unknown
    "DONE,    DONE,     , 2, false",
    "RETRY,   WAITING, 30, 2, false",
    "UNKNOWN, WAITING, 30, 2, true",
    "LIMITED, WAITING,  0, 1, false",
    "REFUSED, WAITING,  0, 1, false",
    "DEAD,    DEAD,     , 2, false",
  })
  void every_outcome_has_its_next_step(
      Kind kind, Settlement.State state, Integer seconds, int spent, boolean unknown) {
    Outcome outcome = new Outcome(kind, 418, "because", "excerpt", "remote", null);
    Settlement settlement =
        decide(ACTIVE, new Ended(claim(2, false, NOW), outcome)).settlements().get(0);
    assertThat(settlement.state()).isEqualTo(state);
    assertThat(settlement.dueAt()).isEqualTo(seconds == null ? null : NOW.plusSeconds(seconds));
    assertThat(settlement.attempt()).isEqualTo(spent);
    assertThat(settlement.outcomeUnknown()).isEqualTo(unknown);
    assertThat(settlement.answer())
        .isEqualTo(new Settlement.Answer(418, "because", "excerpt", "remote"));
  }

  @ParameterizedTest
  @EnumSource(names = {"RETRY", "LIMITED", "REFUSED", "UNKNOWN", "DEAD"})
  void that_an_earlier_outcome_is_unknown_is_forgotten_only_by_done(Kind kind) {
    Ended again = new Ended(claim(2, true, NOW), Outcome.of(kind, "because"));
    assertThat(decide(ACTIVE, again).settlements().get(0).outcomeUnknown()).isTrue();
  }

  @Test
  void done_is_certain_also_after_an_unknown_outcome() {
    Ended again = new Ended(claim(2, true, NOW), Outcome.of(Kind.DONE, null));
    assertThat(decide(ACTIVE, again).settlements().get(0).outcomeUnknown()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"1, 5", "2, 30", "3, 120", "4, 120", "1000, 120"})
  void the_backoff_grows_by_its_steps_and_the_last_one_repeats(int attempt, int seconds) {
    Ended failed = new Ended(claim(attempt, false, NOW), Outcome.of(Kind.RETRY, "x"));
    assertThat(decide(ACTIVE, failed).settlements().get(0).dueAt())
        .isEqualTo(NOW.plusSeconds(seconds));
  }

  @ParameterizedTest
  @CsvSource({"0, 4000", "0.5, 5000", "1, 6000"})
  void the_jitter_varies_a_wait_by_its_share_either_way(double dice, int millis) {
    random = dice;
    assertThat(decide(ACTIVE, ended(Kind.RETRY)).settlements().get(0).dueAt())
        .isEqualTo(NOW.plusMillis(millis));
  }

  @ParameterizedTest
  @EnumSource(names = {"RETRY", "UNKNOWN"})
  void an_event_is_dead_that_still_fails_long_after_its_first_attempt(Kind kind) {
    PairStatus old = ACTIVE.resumed(NOW.minus(Duration.ofDays(30)));
    assertThat(stateOf(old, kind, NOW.minus(GIVE_UP).plusMillis(1)))
        .isEqualTo(Settlement.State.WAITING);
    assertThat(stateOf(old, kind, NOW.minus(GIVE_UP))).isEqualTo(Settlement.State.DEAD);
  }

  @ParameterizedTest
  @EnumSource(names = {"LIMITED", "REFUSED"})
  void an_event_is_never_dead_by_a_limit_or_a_refusal(Kind kind) {
    PairStatus old = ACTIVE.resumed(Instant.EPOCH);
    assertThat(stateOf(old, kind, Instant.EPOCH)).isEqualTo(Settlement.State.WAITING);
  }

  @Test
  void time_spent_paused_or_parked_does_not_count_towards_giving_up() {
    PairStatus resumed = ACTIVE.resumed(NOW.minusSeconds(60));
    assertThat(stateOf(resumed, Kind.RETRY, NOW.minus(Duration.ofDays(10))))
        .isEqualTo(Settlement.State.WAITING);
    PairStatus parked = ACTIVE.resumed(Instant.EPOCH).parked("x", NOW, 20);
    assertThat(stateOf(parked, Kind.RETRY, NOW.minus(Duration.ofDays(10))))
        .isEqualTo(Settlement.State.WAITING);
  }

  private Settlement.State stateOf(PairStatus status, Kind kind, Instant startedAt) {
    Ended failed = new Ended(claim(2, false, startedAt), Outcome.of(kind, "x"));
    return decide(status, failed).settlements().get(0).state();
  }

  @ParameterizedTest
  @CsvSource({"DONE, 0", "DEAD, 0", "RETRY, 4", "UNKNOWN, 4", "LIMITED, 3", "REFUSED, 3"})
  void failures_are_counted_in_a_row(Kind kind, int failures) {
    assertThat(decide(ACTIVE, ended(kind)).status().failures()).isEqualTo(failures);
  }

  @Test
  void many_failures_in_a_row_park_the_pair() {
    Ended[] failed = new Ended[17];
    Arrays.fill(failed, ended(Kind.RETRY));
    PairStatus parked = decide(ACTIVE, failed).status();
    assertThat(parked.state()).isEqualTo(State.PARKED);
    assertThat(parked.reason()).isEqualTo("20 failures in a row, the last: because");
    assertThat(parked.waitUntil()).isEqualTo(NOW.plusSeconds(60));
    assertThat(decide(ACTIVE, Arrays.copyOf(failed, 16)).status().state()).isEqualTo(State.ACTIVE);
  }

  @Test
  void one_success_among_the_failures_keeps_the_pair_from_being_parked() {
    Ended[] attempts = new Ended[30];
    Arrays.fill(attempts, ended(Kind.RETRY));
    attempts[15] = ended(Kind.DONE);
    PairStatus status = decide(ACTIVE, attempts).status();
    assertThat(status.state()).isEqualTo(State.ACTIVE);
    assertThat(status.failures()).isEqualTo(14);
  }

  @Test
  void a_probe_that_fails_parks_on_and_one_that_is_answered_resumes() {
    PairStatus parked = ACTIVE.parked("20 failures", NOW.minusSeconds(1), 20);
    PairStatus still = decide(parked, ended(Kind.UNKNOWN)).status();
    assertThat(still.state()).isEqualTo(State.PARKED);
    assertThat(still.failures()).isEqualTo(21);
    assertThat(still.waitUntil()).isEqualTo(NOW.plusSeconds(60));
    for (Kind kind : List.of(Kind.DONE, Kind.DEAD)) {
      PairStatus resumed = decide(parked, ended(kind)).status();
      assertThat(resumed.state()).isEqualTo(State.ACTIVE);
      assertThat(resumed.activeSince()).isEqualTo(NOW);
      assertThat(resumed.failures()).isZero();
      assertThat(resumed.reason()).isNull();
      assertThat(resumed.waitUntil()).isNull();
    }
  }

  @ParameterizedTest
  @CsvSource({
    ", 30", // none named: the default
    "7, 7",
    "0, 1", // asked without end otherwise: no attempt is spent
    "90000, 86400", // capped
  })
  void a_limit_makes_the_whole_pair_wait(Integer asked, long seconds) {
    Duration retryAfter = asked == null ? null : Duration.ofSeconds(asked);
    PairStatus status = decide(ACTIVE, limited(retryAfter)).status();
    assertThat(status.state()).isEqualTo(State.ACTIVE);
    assertThat(status.waitUntil()).isEqualTo(NOW.plusSeconds(seconds));
    assertThat(status.reason()).isEqualTo("limited: HTTP 429");
  }

  @Test
  void of_several_limits_the_longest_counts() {
    Ended[] limits = {limited(Duration.ofSeconds(9)), limited(Duration.ofSeconds(3))};
    assertThat(decide(ACTIVE, limits).status().waitUntil()).isEqualTo(NOW.plusSeconds(9));
  }

  @Test
  void a_success_that_was_under_way_does_not_end_the_wait() {
    PairStatus status = decide(ACTIVE, limited(null), ended(Kind.DONE)).status();
    assertThat(status.waitUntil()).isEqualTo(NOW.plusSeconds(30));
  }

  @Test
  void a_limit_does_not_shorten_what_a_parked_pair_waits_for() {
    PairStatus parked = ACTIVE.parked("20 failures", NOW.plusSeconds(60), 20);
    PairStatus status = decide(parked, limited(Duration.ofSeconds(5))).status();
    assertThat(status).isEqualTo(parked);
  }

  @Test
  void a_refusal_pauses_the_pair_with_the_reason() {
    PairStatus paused = decide(ACTIVE, ended(Kind.REFUSED)).status();
    assertThat(paused.state()).isEqualTo(State.PAUSED);
    assertThat(paused.reason()).isEqualTo(Pairs.REFUSED + "because");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void whatever_was_under_way_ends_in_a_persons_pause_stays_that(Kind kind) {
    PairStatus paused = ACTIVE.paused("by ann");
    PairStatus after = decide(paused, ended(kind)).status();
    assertThat(after.state()).isEqualTo(State.PAUSED);
    assertThat(after.reason()).isEqualTo("by ann");
  }

  @Test
  void a_failure_after_a_refusal_neither_parks_nor_resumes() {
    Ended[] attempts = new Ended[31];
    Arrays.fill(attempts, ended(Kind.RETRY));
    attempts[0] = ended(Kind.REFUSED);
    attempts[30] = ended(Kind.DONE);
    assertThat(decide(ACTIVE, attempts).status().state()).isEqualTo(State.PAUSED);
  }

  @Test
  void nothing_ended_changes_nothing() {
    assertThat(decide(ACTIVE)).isEqualTo(new Decision(ACTIVE, List.of()));
  }
}
