package convor.relay.store;

import java.time.Instant;

/**
 * A delivery that this process may attempt now.
 *
 * @param lease the token with which its result is settled; another's means that it was taken over
 * @param attempt 1 for the first
 * @param outcomeUnknown an earlier attempt may have reached the destination
 * @param startedAt when the first attempt began
 */
public record Claim(
    Pair pair,
    long eventId,
    Event event,
    long lease,
    int attempt,
    boolean outcomeUnknown,
    Instant startedAt) {}
