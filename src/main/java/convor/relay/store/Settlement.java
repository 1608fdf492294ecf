package convor.relay.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The end of one attempt, as it is written.
 *
 * @param dueAt when to try again, for {@code WAITING}
 * @param attempt attempts spent so far
 * @param outcomeUnknown the attempt may have reached the destination
 * @param answer what the destination said
 */
public record Settlement(
    Claim claim,
    State state,
    @Nullable Instant dueAt,
    int attempt,
    boolean outcomeUnknown,
    Answer answer) {

  /** States of a delivery that an attempt can end in. */
  public enum State {
    WAITING,
    DONE,
    DEAD
  }

  /**
   * What the destination said.
   *
   * @param status HTTP status, if there was an answer
   * @param reason for people, one line
   * @param excerpt of the answer's body, redacted and capped
   * @param remoteId what the destination called it
   */
  public record Answer(
      @Nullable Integer status,
      @Nullable String reason,
      @Nullable String excerpt,
      @Nullable String remoteId) {}
}
