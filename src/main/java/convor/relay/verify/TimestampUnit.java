package convor.relay.verify;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How a time is written. */
enum TimestampUnit {
  SECONDS,
  MILLIS,
  ISO8601;

  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,15}");

  /** The time; null if the text is not one. */
  @Nullable Instant parse(String text) {
    if (this != ISO8601 && !DIGITS.matcher(text).matches()) {
      return null;
    }
    try {
      return switch (this) {
        case SECONDS -> Instant.ofEpochSecond(Long.parseLong(text));
        case MILLIS -> Instant.ofEpochMilli(Long.parseLong(text));
        case ISO8601 -> Instant.parse(text);
      };
    } catch (DateTimeException e) {
      return null;
    }
  }

  String format(Instant time) {
    return switch (this) {
      case SECONDS -> Long.toString(time.getEpochSecond());
      case MILLIS -> Long.toString(time.toEpochMilli());
      case ISO8601 -> time.truncatedTo(ChronoUnit.SECONDS).toString();
    };
  }
}
