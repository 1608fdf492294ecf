package convor.relay.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RateTest {
  private static final Instant T0 = Instant.parse("2026-11-23T10:00:00Z");

  @ParameterizedTest
  @CsvSource({"1/s, 1, PT1S", "' 600/m ', 600, PT1M", "100/h, 100, PT1H", "999999/s, 999999, PT1S"})
  void a_rate_is_a_count_per_second_minute_or_hour(String text, int count, Duration per) {
    assertThat(Rate.parse(text)).isEqualTo(new Rate(count, per));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "1", "1/", "/s", "0/s", "-1/s", "1.5/s", "1/d", "1/S", "1 / s", "1000000/s"})
  void anything_else_is_an_error_that_names_it(String text) {
    assertThatThrownBy(() -> Rate.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("`" + text + "`");
  }

  @ParameterizedTest
  @CsvSource({
    "1/s, 3600",
    "10/s, 36010",
    "7/s, 25210",
    "600/m, 36010",
    "60/m, 3600",
    "100/h, 100",
    "30/m, 1800",
    "1000/s, 3601000",
  })
  void over_an_hour_no_more_is_taken_than_the_rate_and_its_burst(String text, int most) {
    Rate rate = Rate.parse(text);
    Instant rateAt = Instant.EPOCH;
    int taken = 0;
    for (int ms = 0; ms < 3_600_000; ms += 50) {
      Instant now = T0.plusMillis(ms);
      Rate.Taken next = rate.take(rateAt, now, Integer.MAX_VALUE);
      taken += next.count();
      rateAt = Instant.ofEpochMilli(next.rateAt().toEpochMilli()); // as it is stored
    }
    assertThat(taken).isBetween((int) (most * 0.98) - 1, (int) (most * 1.01));
  }

  @Test
  void no_more_is_taken_than_wanted_and_the_rest_can_be_taken_later() {
    Rate rate = Rate.parse("10/s");
    Rate.Taken first = rate.take(Instant.EPOCH, T0, 4);
    assertThat(first.count()).isEqualTo(4);
    assertThat(rate.take(first.rateAt(), T0, 99).count()).isEqualTo(6);
  }

  @Test
  void a_slow_rate_has_no_burst() {
    Rate rate = Rate.parse("1/h");
    Rate.Taken first = rate.take(Instant.EPOCH, T0, 99);
    assertThat(first.count()).isEqualTo(1);
    assertThat(first.rateAt()).isEqualTo(T0.plus(Duration.ofHours(1)));
    assertThat(rate.take(first.rateAt(), T0.plusSeconds(3599), 99).count()).isZero();
    assertThat(rate.take(first.rateAt(), T0.plusSeconds(3600), 99).count()).isEqualTo(1);
  }
}
