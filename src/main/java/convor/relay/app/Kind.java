package convor.relay.app;

import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a setting's value is, and how it is read. Problems never repeat the value: it may be a
 * secret in the wrong place.
 *
 * @param name as the settings table says it
 * @param right what would be right, such as {@code 30s, 5m, 3d or 500ms}
 * @param read throws any RuntimeException on a value that is not of this kind
 */
record Kind<T>(String name, String right, Function<String, T> read) {

  private static final Pattern DURATION_PART = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");
  private static final Pattern SIZE_VALUE = Pattern.compile("(\\d{1,10})\\s*(KiB|MiB|GiB|B|)");

  static final Kind<String> TEXT = new Kind<>("text", "some text", Function.identity());

  /** Checked by ours: long, and nobody else's. */
  static final Kind<String> TOKEN = new Kind<>("secret", "", Function.identity());

  /** As {@link #TOKEN}, several. */
  static final Kind<List<String>> SECRETS = new Kind<>("list of secrets", "", Kind::list);

  /** Given by somebody else, who decides how long it is. */
  static final Kind<String> PASSWORD = new Kind<>("password", "", Function.identity());

  static final Kind<Boolean> BOOLEAN = new Kind<>("flag", "true or false", Kind::yesOrNo);
  static final Kind<Integer> INTEGER = integer(0, Integer.MAX_VALUE);
  static final Kind<Double> SHARE = new Kind<>("share", "a number from 0 to 1", Kind::share);
  static final Kind<Duration> DURATION =
      new Kind<>("duration", "30s, 5m, 3d or 500ms", Kind::duration);
  static final Kind<List<Duration>> DURATIONS =
      new Kind<>(
          "list of durations",
          "a comma list such as 5s,30s,2m",
          text -> list(text).stream().map(Kind::duration).toList());
  static final Kind<Integer> SIZE =
      new Kind<>("size", "1MiB, 512KiB or a number of bytes, up to 1GiB", Kind::size);
  static final Kind<String> URL =
      new Kind<>("web address", "http://… or https://… with a host", Kind::url);
  static final Kind<String> STORE_URL =
      new Kind<>(
          "JDBC URL of H2 or PostgreSQL",
          "jdbc:h2:file:… or jdbc:postgresql://host/database, without user and password",
          Kind::storeUrl);
  static final Kind<String> JDBC_URL =
      new Kind<>("JDBC URL", "jdbc:…", text -> startingWith(text, "jdbc:"));

  static Kind<Integer> integer(int min, int max) {
    return new Kind<>(
        "whole number"
            + (max == Integer.MAX_VALUE ? ", " + min + " or more" : " from " + min + " to " + max),
        "such a number in digits",
        text -> between(min, max, Integer.parseInt(text)));
  }

  /** A kind by its name in {@link KnownSetting#TABLE}. */
  static Kind<?> named(String name) {
    return switch (name) {
      case "text" -> TEXT;
      case "secret" -> TOKEN;
      case "secrets" -> SECRETS;
      case "password" -> PASSWORD;
      case "flag" -> BOOLEAN;
      case "share" -> SHARE;
      case "duration" -> DURATION;
      case "durations" -> DURATIONS;
      case "size" -> SIZE;
      case "url" -> URL;
      case "store-url" -> STORE_URL;
      case "jdbc-url" -> JDBC_URL;
      default -> {
        int dots = name.indexOf("..");
        yield integer(
            Integer.parseInt(name.substring(0, dots)), Integer.parseInt(name.substring(dots + 2)));
      }
    };
  }

  /** What a connector's setting is, told by its name. */
  static Kind<?> ofConnectorSetting(String key) {
    if (key.endsWith("url")) {
      return URL;
    }
    if (key.endsWith(".enabled")) {
      return BOOLEAN;
    }
    return key.matches(".*(token|password|secret|key)") ? PASSWORD : TEXT;
  }

  boolean isSecret() {
    return equals(TOKEN) || equals(SECRETS) || equals(PASSWORD);
  }

  /**
   * Reads a value.
   *
   * @throws IllegalArgumentException saying what is wrong and what would be right
   */
  T parse(String text) {
    try {
      return read.apply(text.strip());
    } catch (RuntimeException e) {
      throw new IllegalArgumentException("is no " + name + "; write " + right, e);
    }
  }

  static List<String> list(String text) {
    return Arrays.stream(text.split(","))
        .map(String::strip)
        .filter(item -> !item.isEmpty())
        .toList();
  }

  private static Duration duration(String text) {
    Matcher part = DURATION_PART.matcher(text);
    Duration sum = Duration.ZERO;
    int end = 0;
    while (part.find() && part.start() == end) {
      long amount = Long.parseLong(part.group(1));
      sum =
          sum.plus(
              switch (part.group(2)) {
                case "ms" -> Duration.ofMillis(amount);
                case "s" -> Duration.ofSeconds(amount);
                case "m" -> Duration.ofMinutes(amount);
                case "h" -> Duration.ofHours(amount);
                default -> Duration.ofDays(amount);
              });
      end = part.end();
    }
    if (end < text.length() || sum.isZero()) {
      throw new IllegalArgumentException();
    }
    return sum;
  }

  private static int size(String text) {
    Matcher size = SIZE_VALUE.matcher(text);
    if (!size.matches()) {
      throw new IllegalArgumentException();
    }
    long unit =
        switch (size.group(2)) {
          case "KiB" -> 1L << 10;
          case "MiB" -> 1L << 20;
          case "GiB" -> 1L << 30;
          default -> 1L;
        };
    return between(1, 1 << 30, Long.parseLong(size.group(1)) * unit);
  }

  private static double share(String text) {
    double value = Double.parseDouble(text);
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException();
    }
    return value;
  }

  private static boolean yesOrNo(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException();
    };
  }

  private static String url(String text) {
    URI url = URI.create(text);
    if (url.getHost() == null) {
      throw new IllegalArgumentException();
    }
    return startingWith(text, "http://", "https://");
  }

  /** The user before an {@code @} is libpq's form: the driver would take it for a host. */
  private static String storeUrl(String text) {
    if (text.matches("jdbc:postgresql://[^/?]*@.*")) {
      throw new IllegalArgumentException();
    }
    return startingWith(text, "jdbc:h2:", "jdbc:postgresql:");
  }

  private static String startingWith(String text, String... prefixes) {
    if (Arrays.stream(prefixes).noneMatch(text::startsWith)) {
      throw new IllegalArgumentException();
    }
    return text;
  }

  private static int between(int min, int max, long value) {
    if (value < min || value > max) {
      throw new IllegalArgumentException();
    }
    return (int) value;
  }
}
