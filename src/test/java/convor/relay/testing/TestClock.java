package convor.relay.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/** The time, which a test can move forward. */
public final class TestClock implements InstantSource {
  private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);

  @Override
  public Instant instant() {
    return Instant.now().plus(ahead.get());
  }

  public void forward(Duration time) {
    ahead.accumulateAndGet(time, Duration::plus);
  }
}
