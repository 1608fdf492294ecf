package convor.relay.inbox;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An organization and what its connectors need to know.
 *
 * @param name as in {@code relay.orgs.<name>}
 * @param settings by key relative to {@code relay.orgs.<name>.}, such as {@code slack.webhook-url};
 *     with the defaults that the routes declare. Secrets among them: never printed.
 */
public record Organization(String name, Map<String, String> settings) {
  private static final int SHORTEST_SECRET = 6;
  private static final Comparator<String> LONGEST_FIRST =
      Comparator.comparingInt(String::length).reversed();

  public Organization {
    settings = Map.copyOf(settings);
  }

  /** Whether a setting is there: neither blank nor {@code false}. */
  public boolean has(String key) {
    String value = settings.getOrDefault(key, "");
    return !value.isBlank() && !value.strip().equalsIgnoreCase("false");
  }

  /**
   * What keeps this organization from a connector.
   *
   * @param requires a comma list of keys; {@code a|b} is one of which either will do
   * @return the first of the list that is not there, or null when nothing is missing
   */
  public @Nullable String missing(String requires) {
    return Arrays.stream(requires.split(","))
        .map(String::strip)
        .filter(required -> !required.isEmpty())
        .filter(
            required ->
                Arrays.stream(required.split("\\|")).map(String::strip).noneMatch(this::has))
        .findFirst()
        .orElse(null);
  }

  /** {@code text} without any value of this organization's settings that could be a secret. */
  public String redact(String text) {
    String redacted = text;
    // the longest first: one that is the beginning of another would leave the other's end standing
    for (String value : settings.values().stream().sorted(LONGEST_FIRST).toList()) {
      if (value.length() >= SHORTEST_SECRET) {
        redacted = redacted.replace(value, "***");
      }
    }
    return redacted;
  }

  /** Differs when one of the settings does; tells nothing of them. */
  public static String fingerprint(Map<String, String> settings) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(new TreeMap<>(settings).toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return "Organization[" + name + ", " + settings.keySet().stream().sorted().toList() + "]";
  }
}
