package convor.relay.store;

import java.time.Instant;

/**
 * A request that was turned away.
 *
 * @param org as in {@code relay.orgs.<org>}, or {@code -} where the path names none that exists
 * @param reason for example {@code bad-signature}
 * @param detail one sentence, without secrets and without the body
 * @param remote the sender's address
 * @param bodyBytes the body's size, or one more than the limit
 */
public record Rejection(
    String org,
    String source,
    Instant at,
    String reason,
    String detail,
    String remote,
    long bodyBytes) {}
