package convor.relay.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A place in a list of an API.
 *
 * @param position the API's own cursor, at most {@link #MAX_POSITION} characters; null at the
 *     beginning, and where the list is read by time
 * @param resume the time to go on from in the middle of a list that is read by time; null at its
 *     ends
 * @param highWater the newest time of a record that was read, or the time to begin with; null for
 *     the beginning
 */
public record CursorPlace(
    @Nullable String position, @Nullable Instant resume, @Nullable Instant highWater) {
  /** What the column holds. */
  public static final int MAX_POSITION = 4096;

  public static final CursorPlace BEGINNING = at(null);

  /** Where the records from this time on begin; null for the beginning. */
  public static CursorPlace at(@Nullable Instant time) {
    return new CursorPlace(null, null, time);
  }
}
