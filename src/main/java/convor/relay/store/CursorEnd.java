package convor.relay.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a run of a poll ended, as it is written.
 *
 * @param paused until a person resumes it, or the setting changes
 * @param reason for people, one line; null when all is well
 * @param place where the next run goes on, if not where the last page left it
 */
public record CursorEnd(
    boolean paused,
    @Nullable String reason,
    int failures,
    Instant nextAt,
    @Nullable CursorPlace place) {}
