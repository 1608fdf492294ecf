package convor.relay.inbox;

import convor.relay.inbox.Outcome.Kind;
import convor.relay.store.Claim;
import convor.relay.store.Event;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.MessageHelper;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at the edge to Camel: a claim becomes an exchange, an exchange becomes an outcome.
 */
final class Attempt {
  private static final int REASON_LENGTH = 400;

  /** What the column holds, with the ellipsis. */
  private static final int EXCERPT_LENGTH = 3_999;

  private Attempt() {}

  static void fill(Exchange exchange, Claim claim, Map<String, String> settings, Inbox inbox) {
    Event event = claim.event();
    Message message = exchange.getIn();
    message.setBody(inbox.reader().apply(event));
    message.setHeader(Headers.ORG, event.org());
    message.setHeader(Headers.SOURCE, event.source());
    message.setHeader(Headers.EVENT_ID, claim.eventId());
    message.setHeader(Headers.KEY, event.key());
    message.setHeader(Headers.TYPE, event.type());
    if (event.subject() != null) {
      message.setHeader(Headers.SUBJECT, event.subject());
    }
    if (event.version() != null) {
      message.setHeader(Headers.VERSION, event.version());
    }
    message.setHeader(Headers.RECEIVED_AT, event.receivedAt().toString());
    message.setHeader(Headers.ATTEMPT, claim.attempt());
    message.setHeader(Headers.OUTCOME_UNKNOWN, claim.outcomeUnknown());
    message.setHeader(Headers.IDEMPOTENCY_KEY, idempotencyKey(claim));
    exchange.setProperty(Headers.RAW_BODY, event.body());
    settings.forEach(exchange::setVariable);
  }

  /**
   * The same for every attempt and replay: 32 hex digits over connector, organization, source and
   * key.
   */
  static String idempotencyKey(Claim claim) {
    Event event = claim.event();
    String delivery =
        String.join("\0", claim.pair().connector(), event.org(), event.source(), event.key());
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(delivery.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * An exception, else what the route says itself, else done; redacted and capped for the ledger.
   */
  static Outcome outcome(
      Exchange exchange, Organization organization, DeliveryLimits limits, Instant now) {
    Throwable thrown = exchange.getException();
    Message message = exchange.getMessage();
    String said = message.getHeader(Headers.OUTCOME, String.class);
    Outcome outcome;
    if (thrown != null) {
      outcome = Classify.exception(thrown, now);
    } else if (said != null) {
      outcome = said(said, message, now);
    } else {
      outcome = Outcome.of(Kind.DONE, null);
    }
    return capped(
        outcome.withRemoteId(message.getHeader(Headers.REMOTE_ID, String.class)),
        organization,
        limits);
  }

  private static Outcome said(String said, Message message, Instant now) {
    Integer status = message.getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    String reason = message.getHeader(Headers.REASON, String.class);
    return Arrays.stream(Kind.values())
        .filter(kind -> kind.label().equals(said.strip()))
        .findFirst()
        .map(
            kind ->
                new Outcome(
                    kind,
                    status,
                    reason == null && kind != Kind.DONE ? "the route says " + said : reason,
                    status == null || kind == Kind.DONE ? null : answer(message),
                    null,
                    Classify.retryAfter(message.getHeader(Headers.RETRY_AFTER, String.class), now)))
        .orElseGet(
            () ->
                Outcome.of(
                    Kind.RETRY,
                    "the route set RelayOutcome to `"
                        + said
                        + "`; it is one of done, retry, limited, refused, dead, unknown"));
  }

  /** What the destination answered, of which the route says that it is no success. */
  private static @Nullable String answer(Message message) {
    MessageHelper.resetStreamCache(message);
    return message.getBody(String.class);
  }

  private static Outcome capped(Outcome outcome, Organization organization, DeliveryLimits limits) {
    return new Outcome(
        outcome.kind(),
        outcome.status(),
        clean(outcome.reason(), organization, REASON_LENGTH),
        clean(outcome.excerpt(), organization, Math.min(limits.excerptBytes(), EXCERPT_LENGTH)),
        clean(outcome.remoteId(), organization, REASON_LENGTH / 2),
        outcome.retryAfter());
  }

  private static @Nullable String clean(
      @Nullable String text, Organization organization, int length) {
    if (text == null) {
      return null;
    }
    String redacted = organization.redact(text).replace('\0', ' ');
    if (redacted.length() <= length) {
      return redacted;
    }
    int end = Character.isHighSurrogate(redacted.charAt(length - 1)) ? length - 1 : length;
    return redacted.substring(0, end) + "…";
  }
}
