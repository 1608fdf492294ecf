package convor.relay.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A pair and what it has not done.
 *
 * @param waiting deliveries that will be tried again
 * @param running deliveries that are being tried
 * @param dead deliveries that are not tried again unless somebody says so
 * @param pending events of its types behind its position in the log, counted up to {@link
 *     Backlogs#MAX_COUNTED}
 * @param oldest when the oldest of what is waiting, running or pending was received; null if there
 *     is nothing
 */
public record Backlog(
    Pair pair,
    PairStatus status,
    long waiting,
    long running,
    long dead,
    long pending,
    @Nullable Instant oldest) {

  /** Events that nothing happens to until the pair is resumed, or a probe succeeds. */
  public long held() {
    return status.state() == PairStatus.State.ACTIVE ? 0 : waiting + pending;
  }
}
