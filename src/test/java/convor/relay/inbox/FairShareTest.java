package convor.relay.inbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FairShareTest {
  @ParameterizedTest
  @CsvSource({
    // organizations, own, free, may take
    "1, 0, 8, 8",
    "1, 5, 3, 3",
    "1, 8, 0, 0",
    "2, 0, 8, 5",
    "2, 5, 3, 0",
    "2, 0, 3, 2",
    "2, 0, 1, 1",
    "2, 1, 1, 0",
    "9, 0, 0, 0",
    "9, 0, 2, 1",
    "9, 0, 256, 170",
  })
  void a_share_is_what_this_says(int organizations, int own, int free, int take) {
    assertThat(FairShare.take(organizations, own, free)).isEqualTo(take);
  }

  @Test
  void a_busy_organization_always_leaves_a_thread_for_one_that_has_none() {
    for (int concurrency = 2; concurrency <= 64; concurrency++) {
      int busy = 0;
      for (int round = 0; round < 100; round++) { // whatever is freed is taken again
        busy += FairShare.take(2, busy, concurrency - busy);
      }
      assertThat(busy).isLessThan(concurrency);
      assertThat(FairShare.take(2, 0, concurrency - busy)).isPositive();
    }
  }
}
