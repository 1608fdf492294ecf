package convor.relay.store;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A rate such as {@code 10/s}: evenly spaced, with a burst of what one second allows (at least 1).
 * It is the generic cell rate algorithm: all its state is one instant, the time at which the next
 * attempt would be on schedule.
 */
public record Rate(int count, Duration per) {
  private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,5})/(s|m|h)");
  private static final Map<String, Duration> UNITS =
      Map.of("s", Duration.ofSeconds(1), "m", Duration.ofMinutes(1), "h", Duration.ofHours(1));

  /**
   * Reads {@code <count>/<s|m|h>}.
   *
   * @throws IllegalArgumentException if it is not a count, a slash and s, m or h
   */
  public static Rate parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "rate `" + text + "` is not a count per second, minute or hour, such as 1/s or 600/m");
    }
    return new Rate(
        Integer.parseInt(form.group(1)), UNITS.getOrDefault(form.group(2), Duration.ZERO));
  }

  /** How many attempts may start now, and the schedule after them. */
  record Taken(int count, Instant rateAt) {}

  Taken take(Instant rateAt, Instant now, int want) {
    Duration interval = per.dividedBy(count);
    long burst = Math.max(1, Duration.ofSeconds(1).dividedBy(interval));
    Instant earliest = now.minus(interval.multipliedBy(burst - 1));
    Instant schedule = rateAt.isBefore(earliest) ? earliest : rateAt;
    if (schedule.isAfter(now)) {
      return new Taken(0, schedule);
    }
    long room = Duration.between(schedule, now).dividedBy(interval) + 1;
    int taken = (int) Math.min(want, room);
    return new Taken(taken, schedule.plus(interval.multipliedBy(taken)));
  }
}
