package convor.relay.inbox;

import convor.relay.inbox.Outcome.Kind;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.camel.http.base.HttpOperationFailedException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.jspecify.annotations.Nullable;

/** An exception from a route, as an outcome. */
public final class Classify {
  private Classify() {}

  /** What the exception says of the destination. */
  public static Outcome exception(Throwable thrown, Instant now) {
    HttpOperationFailedException http = find(thrown, HttpOperationFailedException.class);
    if (http != null) {
      return status(http, now);
    }
    IOException io = find(thrown, IOException.class);
    if (io != null && mayHaveArrived(io)) {
      return Outcome.of(Kind.UNKNOWN, "no complete answer: " + describe(io));
    }
    return Outcome.of(Kind.RETRY, describe(io != null ? io : thrown));
  }

  private static Outcome status(HttpOperationFailedException http, Instant now) {
    int status = http.getStatusCode();
    Duration retryAfter = retryAfter(header(http, "Retry-After"), now);
    String reason = "HTTP " + status;
    return new Outcome(kind(status), status, reason, http.getResponseBody(), null, retryAfter);
  }

  static Kind kind(int status) {
    return switch (status) {
      case 429 -> Kind.LIMITED;
      case 401, 403 -> Kind.REFUSED;
      case 408, 425 -> Kind.RETRY;
      default -> status >= 500 ? Kind.RETRY : Kind.DEAD;
    };
  }

  /** RFC 9110, 10.2.3: seconds or a date; null for none or neither, never negative. */
  static @Nullable Duration retryAfter(@Nullable String value, Instant now) {
    if (value == null) {
      return null;
    }
    String text = value.strip();
    if (text.matches("[0-9]{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(text));
    }
    try {
      Instant at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return at.isAfter(now) ? Duration.between(now, at) : Duration.ZERO;
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  /**
   * Whether the request may have been sent: true for all but what fails before a connection stands.
   */
  private static boolean mayHaveArrived(IOException e) {
    return !(e instanceof ConnectException
        || e instanceof BindException
        || e instanceof ConnectTimeoutException
        || e instanceof ConnectionRequestTimeoutException
        || e instanceof UnknownHostException
        || e instanceof NoRouteToHostException
        || e instanceof SSLHandshakeException
        || e instanceof SSLPeerUnverifiedException);
  }

  private static @Nullable String header(HttpOperationFailedException http, String name) {
    Map<String, String> headers = http.getResponseHeaders();
    if (headers == null) {
      return null;
    }
    return headers.entrySet().stream()
        .filter(
            header ->
                header.getKey().toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT)))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }

  private static <T extends Throwable> @Nullable T find(Throwable thrown, Class<T> type) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (type.isInstance(t)) {
        return type.cast(t);
      }
    }
    return null;
  }

  private static String describe(Throwable thrown) {
    String message = thrown.getMessage();
    String name = thrown.getClass().getSimpleName();
    return message == null ? name : name + ": " + message.lines().findFirst().orElse("");
  }
}
