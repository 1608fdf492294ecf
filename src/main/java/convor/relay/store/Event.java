package convor.relay.store;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A verified event.
 *
 * @param org the organization that it belongs to, as in {@code relay.orgs.<org>}
 * @param source {@code convor}, the name of another configured source, or the name of a poll
 * @param key what makes it the same event when it is sent again, at most 256 characters
 * @param type for example {@code conversation.closed}, at most 128 characters
 * @param subject what it is about, for example {@code conversation/c_1}, at most 256 characters
 * @param version of the subject, for example its {@code updated_at}, at most 128 characters
 * @param receivedAt when the relay received it
 * @param headers the allow-listed request headers, lower-case names
 * @param body the bytes as they were sent
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares events
public record Event(
    String org,
    String source,
    String key,
    String type,
    @Nullable String subject,
    @Nullable String version,
    Instant receivedAt,
    Map<String, String> headers,
    byte[] body) {

  /** An event is stored once per this: 16 bytes of SHA-256 over organization, source and key. */
  byte[] keyHash() {
    return hash(org, source, key);
  }

  /** 16 bytes that stand for these texts. */
  static byte[] hash(String... texts) {
    MessageDigest sha256 = sha256();
    for (String text : texts) {
      sha256.update(text.getBytes(StandardCharsets.UTF_8));
      sha256.update((byte) 0);
    }
    return Arrays.copyOf(sha256.digest(), 16);
  }

  /** What stands for a key that is too long: 64 hex digits. */
  public static String hashed(String key) {
    return HexFormat.of().formatHex(sha256().digest(key.getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return "Event[" + org + "/" + source + "/" + key + " " + type + ", " + body.length + " bytes]";
  }
}
