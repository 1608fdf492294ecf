package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One vendor's API: takes a call, keeps what it created, answers in the vendor's shapes. Not
 * thread-safe.
 */
interface PretendApi {
  /** How many things of a kind an account keeps. */
  int KEPT = 100_000;

  Reply answer(Ask ask);

  /** The vendor's own words for an error status. */
  Reply error(int status);

  /** Who calls, without telling the credentials. */
  default String caller(Ask ask) {
    return Ask.account(String.valueOf(ask.request().getHeader("Authorization")));
  }

  /** Cursors given out until now are unknown from now on. */
  default void expireCursors() {
    throw new IllegalArgumentException("expire-cursors: only Convor's API has cursors");
  }

  /**
   * A call as an API sees it.
   *
   * @param path below the destination's prefix, without query
   * @param partial whether each record of a batch is to be refused
   */
  record Ask(HttpServerRequest request, String path, JsonNode body, boolean partial, Instant now) {
    private static final Pattern MARKER = Pattern.compile("relay[-:][\\w.:@/+=-]*\\w");

    boolean is(String method, String wanted) {
      return request.method().name().equals(method) && path.equals(wanted);
    }

    /** What follows {@code Bearer}; null when there is none. */
    @Nullable String bearer() {
      String header = request.getHeader("Authorization");
      return header != null && header.startsWith("Bearer ") && header.length() > 7
          ? header.substring(7)
          : null;
    }

    /** The user of Basic credentials with a password; null when there are none. */
    @Nullable String basicUser() {
      String header = request.getHeader("Authorization");
      if (header == null || !header.startsWith("Basic ")) {
        return null;
      }
      try {
        String pair =
            new String(Base64.getDecoder().decode(header.substring(6)), StandardCharsets.UTF_8);
        int colon = pair.indexOf(':');
        return colon > 0 && colon < pair.length() - 1 ? pair.substring(0, colon) : null;
      } catch (IllegalArgumentException notBase64) {
        return null;
      }
    }

    /** An issue's {@code relay-…} label, else the first {@code relay-…} in the body, else null. */
    @Nullable String marker() {
      for (JsonNode label : body.at("/fields/labels")) {
        if (label.asText().startsWith("relay-")) {
          return label.asText();
        }
      }
      Matcher matcher = MARKER.matcher(body.toString());
      return matcher.find() ? matcher.group() : null;
    }

    /** See {@link Call#key}. Looking something up is no attempt to create it. */
    @Nullable String key() {
      String header = request.getHeader("Idempotency-Key");
      if (header != null || path.contains("/search") || !request.method().name().equals("POST")) {
        return header;
      }
      JsonNode batchId = body.at("/inputs/0/id");
      return batchId.isMissingNode() ? marker() : batchId.asText();
    }

    /** Names an account without telling its token. */
    static String account(String token) {
      try {
        byte[] hash =
            MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(hash, 0, 4);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /**
   * An answer and what was done for it.
   *
   * @param body JSON, or a text node to be sent as plain text
   * @param prevented whether this answer kept the caller from creating something twice
   */
  record Reply(
      int status,
      Map<String, String> headers,
      JsonNode body,
      List<Effect> effects,
      boolean prevented) {
    static Reply of(int status, JsonNode body) {
      return new Reply(status, Map.of(), body, List.of(), false);
    }

    static Reply text(int status, String body) {
      return of(status, Json.tree(body));
    }

    Reply header(String name, String value) {
      Map<String, String> more = new HashMap<>(headers);
      more.put(name, value);
      return new Reply(status, more, body, effects, prevented);
    }

    Reply did(List<Effect> done) {
      return new Reply(status, headers, body, done, prevented);
    }

    Reply preventing(boolean duplicate) {
      return new Reply(status, headers, body, effects, duplicate);
    }

    Reply saying(@Nullable JsonNode instead) {
      return instead == null ? this : new Reply(status, headers, instead, effects, prevented);
    }
  }
}
