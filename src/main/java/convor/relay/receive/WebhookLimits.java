package convor.relay.receive;

import java.time.Duration;

/**
 * What one request, and all of them together, may take: {@code relay.webhook.*}.
 *
 * @param maxBody bytes of a body as sent; beyond, 413
 * @param maxHeld bytes of all bodies that are being read or handled; beyond, 503
 * @param maxInflated bytes of a body after gunzip
 * @param rejectedPerOrg rejected requests kept for each organization
 * @param rejectedPerMinute rejected requests kept each minute for each organization; beyond, only
 *     counted
 * @param recentKeys committed keys remembered for a quick answer to duplicates
 * @param retryAfter what a 503 asks the sender to wait
 * @param workers threads for requests whose route has steps that wait
 */
public record WebhookLimits(
    int maxBody,
    int maxHeld,
    int maxInflated,
    int rejectedPerOrg,
    int rejectedPerMinute,
    int recentKeys,
    Duration retryAfter,
    int workers) {

  /** For the header Retry-After. */
  String retryAfterSeconds() {
    return String.valueOf(Math.max(1, retryAfter.toSeconds()));
  }
}
