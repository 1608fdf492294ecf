package convor.relay.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a poll of an organization.
 *
 * @param running a run is under way
 * @param reason why it is paused, or what the last run ended with
 * @param failures consecutive
 * @param pages read since the beginning or the last reset; so are the next two
 * @param recovered of the records, those that no webhook had brought
 */
public record CursorStatus(
    String poll,
    String org,
    CursorPlace place,
    boolean paused,
    boolean running,
    @Nullable String reason,
    int failures,
    @Nullable Instant lastRunAt,
    Instant nextRunAt,
    long pages,
    long records,
    long recovered) {}
