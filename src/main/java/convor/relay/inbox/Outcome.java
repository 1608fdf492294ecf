package convor.relay.inbox;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How one attempt ended.
 *
 * @param status the destination's HTTP status, if it answered
 * @param reason for people, one line, redacted
 * @param excerpt of the destination's answer, redacted and capped
 * @param remoteId what the destination called what it made
 * @param retryAfter the pause that the destination asked for
 */
public record Outcome(
    Kind kind,
    @Nullable Integer status,
    @Nullable String reason,
    @Nullable String excerpt,
    @Nullable String remoteId,
    @Nullable Duration retryAfter) {

  /** The closed list of ends. */
  public enum Kind {
    DONE,
    /** A failure that may pass: again after a back-off. */
    RETRY,
    /** The destination asks to wait: the whole pair waits, no attempt is spent. */
    LIMITED,
    /** The destination does not accept our credentials: the pair is paused, no attempt is spent. */
    REFUSED,
    /** It will never succeed as it is. */
    DEAD,
    /** It may have reached the destination: again, and the route is told so. */
    UNKNOWN;

    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static Outcome of(Kind kind, @Nullable String reason) {
    return new Outcome(kind, null, reason, null, null, null);
  }

  Outcome withRemoteId(@Nullable String id) {
    return new Outcome(kind, status, reason, excerpt, id, retryAfter);
  }
}
