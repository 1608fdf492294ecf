package convor.relay.inbox;

import java.time.Duration;
import java.util.List;

/**
 * How deliveries are tried, tried again and given up: {@code relay.delivery.*}.
 *
 * @param lease how long a claimed delivery belongs to its node; longer than every connector's
 *     timeout
 * @param backoff waits before the second, third … attempt; the last one repeats
 * @param jitter share by which a wait is varied either way, 0 to 1
 * @param parkAfter failures in a row after which a connector is parked for an organization
 * @param parkProbe how often a parked pair is tried
 * @param retryAfterDefault the wait after a 429 that names none
 * @param retryAfterMax the longest wait that a destination may ask for
 * @param excerptBytes how much of a destination's answer is kept
 * @param pollInterval how often the store is asked for work that nobody woke us for
 * @param drainTimeout how long a shutdown waits for what is running
 */
public record DeliveryLimits(
    Duration lease,
    List<Duration> backoff,
    double jitter,
    int parkAfter,
    Duration parkProbe,
    Duration retryAfterDefault,
    Duration retryAfterMax,
    int excerptBytes,
    Duration pollInterval,
    Duration drainTimeout) {

  public DeliveryLimits {
    backoff = List.copyOf(backoff);
  }
}
