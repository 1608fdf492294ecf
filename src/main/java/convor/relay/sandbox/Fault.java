package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a pretend destination misbehaves, and on which calls.
 *
 * @param status of {@link Mode#FAIL}
 * @param retryAfter seconds that {@link Mode#LIMIT} and {@link Mode#LIMIT_DATE} ask to wait; 0
 *     leaves the header out
 * @param everyNth hits each n-th of the matching calls; 1 hits all
 * @param times hits at most so many calls, then behaves; 0 is without end
 * @param path hits only calls of exactly this path below the destination's prefix; null hits all
 * @param error code of {@link Mode#NOT_OK}
 * @param body answered instead of the vendor's own error; a text is sent as text
 */
public record Fault(
    Mode mode,
    int status,
    int retryAfter,
    int everyNth,
    int times,
    @Nullable String path,
    String error,
    @Nullable JsonNode body) {

  /** What goes wrong. The wire name is the constant's in lower case with hyphens. */
  public enum Mode {
    /** Nothing. */
    OK,
    /** {@code status} with the vendor's error body. */
    FAIL,
    /** 429 with {@code Retry-After} in seconds. */
    LIMIT,
    /** 429 with {@code Retry-After} as an HTTP date. */
    LIMIT_DATE,
    /** 401. */
    REFUSE,
    /** 404. */
    NOT_FOUND,
    /** 400. */
    BAD_REQUEST,
    /** 200 with {@code {"ok":false,"error":…}}, as Slack's Web API says no. */
    NOT_OK,
    /**
     * 207 whose {@code errors[]} refuse each record of a HubSpot batch; other calls are answered
     * well.
     */
    PARTIAL,
    /** Does nothing, and answers 200 with a page, as a proxy in between may. */
    NOT_JSON,
    /** Takes the call, does nothing and never answers. */
    HANG,
    /** Does what was asked, then closes the connection without an answer. */
    LOSE_ANSWER,
    /**
     * Does what was asked, promises the whole answer in Content-Length, sends half of it and
     * closes.
     */
    HALF_ANSWER,
    /** Does what was asked and answers one byte a second. */
    DRIBBLE,
    /**
     * Convor's API forgets the cursors that it gave out until now, once: they answer 410. Calls are
     * answered as before.
     */
    EXPIRE_CURSORS;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public static final Fault NONE = of(Mode.OK);

  public Fault {
    if (status < 400 || status > 599) {
      throw new IllegalArgumentException("status is 400 to 599, not " + status);
    }
    if (retryAfter < 0 || times < 0 || everyNth < 1) {
      throw new IllegalArgumentException("retryAfter and times are 0 or more, everyNth 1 or more");
    }
  }

  /**
   * Hits every call: status 500, two seconds to wait, {@code invalid_auth}, where the mode has use
   * for them.
   */
  public static Fault of(Mode mode) {
    return new Fault(mode, 500, 2, 1, 0, null, "invalid_auth", null);
  }

  public static Fault fail(int status) {
    return new Fault(Mode.FAIL, status, 2, 1, 0, null, "invalid_auth", null);
  }

  public Fault everyNth(int n) {
    return new Fault(mode, status, retryAfter, n, times, path, error, body);
  }

  public Fault times(int n) {
    return new Fault(mode, status, retryAfter, everyNth, n, path, error, body);
  }

  public Fault onPath(String only) {
    return new Fault(mode, status, retryAfter, everyNth, times, only, error, body);
  }

  public Fault retryAfter(int seconds) {
    return new Fault(mode, status, seconds, everyNth, times, path, error, body);
  }

  public Fault error(String code) {
    return new Fault(mode, status, retryAfter, everyNth, times, path, code, body);
  }

  /**
   * Reads {@code {"mode":"limit","retryAfter":2,"everyNth":5,"times":3}}; all but {@code mode} may
   * be left out.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  public static Fault fromJson(JsonNode json) {
    String name = json.path("mode").asText();
    Mode mode =
        Arrays.stream(Mode.values())
            .filter(m -> m.toString().equals(name))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("mode is one of " + modes()));
    return new Fault(
        mode,
        json.path("status").asInt(500),
        json.path("retryAfter").asInt(2),
        json.path("everyNth").asInt(1),
        json.path("times").asInt(0),
        json.hasNonNull("path") ? json.get("path").asText() : null,
        json.path("error").asText("invalid_auth"),
        json.hasNonNull("body") ? json.get("body") : null);
  }

  private static String modes() {
    return Arrays.stream(Mode.values()).map(Mode::toString).collect(Collectors.joining(", "));
  }
}
