package convor.relay.poll;

import com.fasterxml.jackson.core.JsonPointer;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.apache.camel.util.TimeUtils;
import org.jspecify.annotations.Nullable;

/**
 * How a list of an API is polled: the parameters of the template {@code poll}, read and checked
 * whole. What each of them is stands in {@code routes/poll.camel.yaml}.
 */
record PollSpec(
    String name, Kind kind, Start start, Request request, Answer answer, Item item, Pace pace) {

  /** What the API offers to go on by. */
  enum Kind {
    /** A place in the list that the API hands out. */
    CURSOR,
    /** The time since which records changed. */
    SINCE
  }

  /** Where the first run begins: {@code now}, {@code beginning}, or a time. */
  record Start(boolean now, @Nullable Instant at) {
    @Nullable Instant from(Instant clock) {
      return now ? clock : at;
    }
  }

  /**
   * What is asked.
   *
   * @param path below the organization's {@code api.base-url}; may have a query
   * @param limit name of the parameter for the number of records; so are the next three for the
   *     cursor and for the bounds in time, empty where the API has none
   */
  record Request(
      String path,
      String limit,
      String cursor,
      String since,
      String until,
      int pageSize,
      int pageSizeMax,
      TimeFormat times) {}

  /** Where an answer has what. */
  record Answer(JsonPointer items, JsonPointer next, JsonPointer more) {}

  /**
   * Where a record has what, and what event it becomes.
   *
   * @param version empty where records never change
   * @param inEvent where an event of the webhooks has such a record
   * @param skipIncomplete passes over a record without id, version or time; else the poll stops
   */
  record Item(
      JsonPointer id,
      JsonPointer version,
      JsonPointer time,
      JsonPointer inEvent,
      String subject,
      String type,
      boolean skipIncomplete) {}

  /**
   * How fast.
   *
   * @param maxPages of one run; then others have their turn, and the next begins after {@code
   *     pause}
   * @param overlap how far before the newest time that was read a run begins again
   * @param grace how old a record must be before its webhook counts as missed
   */
  record Pace(Duration period, int maxPages, Duration pause, Duration overlap, Duration grace) {}

  /** How times are written, in queries and in records. */
  enum TimeFormat {
    ISO,
    SECONDS,
    MILLIS;

    String write(Instant time) {
      return switch (this) {
        case ISO -> time.toString();
        case SECONDS -> String.valueOf(time.getEpochSecond());
        case MILLIS -> String.valueOf(time.toEpochMilli());
      };
    }

    /** Null for what is no time. */
    @Nullable Instant read(String text) {
      try {
        return switch (this) {
          case ISO -> OffsetDateTime.parse(text).toInstant();
          case SECONDS -> Instant.ofEpochSecond(Long.parseLong(text));
          case MILLIS -> Instant.ofEpochMilli(Long.parseLong(text));
        };
      } catch (DateTimeParseException | NumberFormatException e) {
        return null;
      }
    }
  }

  /**
   * Reads the parameters.
   *
   * @throws PollProblem with every one that is wrong and what would be right
   */
  static PollSpec of(Map<String, String> parameters) {
    Reader in = new Reader(parameters);
    TimeFormat times = in.choice("time-format", TimeFormat.values());
    JsonPointer version = in.pointer("version");
    JsonPointer time = in.pointer("time");
    String subject = in.filled("subject");
    String inEvent = in.text("in-event");
    PollSpec spec =
        new PollSpec(
            in.read("poll", "lower-case letters, digits, - and _", Reader::name),
            in.choice("kind", Kind.values()),
            in.read(
                "start", "now, beginning, or a time such as 2026-01-31T00:00:00Z", Reader::start),
            new Request(
                in.read("path", "a path such as /v1/conversations", Reader::path),
                in.text("limit-param"),
                in.text("cursor-param"),
                in.text("since-param"),
                in.text("until-param"),
                in.number("page-size"),
                in.number("page-size-max"),
                times),
            new Answer(in.pointer("items"), in.pointer("next"), in.pointer("more")),
            new Item(
                in.pointer("id"),
                version,
                time.equals(JsonPointer.empty()) ? version : time,
                inEvent.isEmpty()
                    ? JsonPointer.compile("/data/" + subject)
                    : in.pointer("in-event"),
                subject,
                in.filled("type"),
                in.choice("incomplete", Incomplete.values()) == Incomplete.SKIP),
            new Pace(
                in.duration("period"),
                in.number("max-pages"),
                in.duration("pause"),
                in.duration("overlap"),
                in.duration("grace")));
    if (in.wrong.isEmpty()) {
      spec.check(in);
    }
    if (!in.wrong.isEmpty()) {
      throw new PollProblem("poll " + in.text("poll") + ": " + String.join("; ", in.wrong));
    }
    return spec;
  }

  /** What no parameter can say alone. */
  private void check(Reader in) {
    boolean asksForTimes = !request.since.isEmpty();
    in.require(
        kind != Kind.SINCE || (asksForTimes && !item.time.equals(JsonPointer.empty())),
        "kind=since needs since-param and time (or version)");
    in.require(kind != Kind.CURSOR || !request.cursor.isEmpty(), "kind=cursor needs cursor-param");
    in.require(
        asksForTimes || start.equals(new Start(false, null)),
        "without since-param only start=beginning can be asked for");
    in.require(request.pageSize <= request.pageSizeMax, "page-size-max is smaller than page-size");
    in.require(!pace.period.isZero(), "period must be longer than 0");
  }

  private enum Incomplete {
    STOP,
    SKIP
  }

  /** Reads one parameter after the other and remembers what is wrong. */
  private static final class Reader {
    private final Map<String, String> parameters;
    private final List<String> wrong = new ArrayList<>();

    Reader(Map<String, String> parameters) {
      this.parameters = parameters;
    }

    String text(String name) {
      return parameters.getOrDefault(name, "").strip();
    }

    String filled(String name) {
      require(!text(name).isEmpty(), name + " is empty");
      return text(name);
    }

    <T> T read(String name, String right, Function<String, T> reader) {
      try {
        return reader.apply(text(name));
      } catch (RuntimeException e) {
        require(false, name + "=" + text(name) + " is not " + right);
        return reader.apply(
            switch (name) { // any right one: what is wrong is told
              case "poll" -> "x";
              case "path" -> "/";
              case "start" -> "now";
              default -> "1";
            });
      }
    }

    int number(String name) {
      return read(name, "a number from 1 to 1000000", Reader::positive);
    }

    Duration duration(String name) {
      return read(
          name,
          "a time such as 60s or 5m",
          text -> Duration.ofMillis(TimeUtils.toMilliSeconds(text)));
    }

    JsonPointer pointer(String name) {
      try {
        return JsonPointer.compile(text(name));
      } catch (IllegalArgumentException e) {
        require(false, name + "=" + text(name) + " is not a JSON pointer such as /updated_at");
        return JsonPointer.empty();
      }
    }

    <E extends Enum<E>> E choice(String name, E[] values) {
      for (E value : values) {
        if (value.name().toLowerCase(Locale.ROOT).equals(text(name))) {
          return value;
        }
      }
      require(
          false,
          name
              + "="
              + text(name)
              + " is none of "
              + Arrays.toString(values).toLowerCase(Locale.ROOT));
      return values[0];
    }

    void require(boolean right, String what) {
      if (!right) {
        wrong.add(what);
      }
    }

    private static String name(String text) {
      return matching(text, "[a-z0-9][a-z0-9_-]{0,63}");
    }

    private static String path(String text) {
      return matching(text, "/\\S*");
    }

    private static String matching(String text, String pattern) {
      if (!text.matches(pattern)) {
        throw new IllegalArgumentException();
      }
      return text;
    }

    private static int positive(String text) {
      int number = Integer.parseInt(text);
      if (number < 1 || number > 1_000_000) {
        throw new IllegalArgumentException();
      }
      return number;
    }

    private static Start start(String text) {
      return switch (text) {
        case "now" -> new Start(true, null);
        case "beginning" -> new Start(false, null);
        default ->
            new Start(
                false,
                OffsetDateTime.parse(
                        text.matches("\\d{4}-\\d{2}-\\d{2}") ? text + "T00:00:00Z" : text)
                    .toInstant());
      };
    }
  }
}
