package convor.relay.operate;

import convor.relay.store.CursorPlace;
import convor.relay.store.CursorStatus;
import convor.relay.store.Cursors;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/cursors}: where each poll of each organization is, and what can be done to it. */
public final class CursorsApi {
  private static final String BY_HAND = "by hand";

  /** A poll of an organization. */
  public record CursorRow(
      String poll,
      String org,
      String state,
      @Nullable String position,
      @Nullable Instant highWater,
      @Nullable Instant lastRun,
      @Nullable Instant nextRun,
      int failures,
      @Nullable String reason,
      long pages,
      long records,
      long recovered) {

    private static CursorRow of(CursorStatus status) {
      String state = status.running() ? "running" : status.failures() > 0 ? "failing" : "active";
      return new CursorRow(
          status.poll(),
          status.org(),
          status.paused() ? "paused" : state,
          status.place().position(),
          status.place().highWater(),
          status.lastRunAt(),
          status.paused() ? null : status.nextRunAt(),
          status.failures(),
          status.reason(),
          status.pages(),
          status.records(),
          status.recovered());
    }
  }

  private final Cursors cursors;
  private final InstantSource clock;

  public CursorsApi(Cursors cursors, InstantSource clock) {
    this.cursors = cursors;
    this.clock = clock;
  }

  Object list(Query query) {
    query.only("poll", "org");
    return Map.of("cursors", rows(query.text("poll"), query.text("org")));
  }

  private List<CursorRow> rows(@Nullable String poll, @Nullable String org) {
    return cursors.all(clock.instant()).stream()
        .map(CursorRow::of)
        .filter(row -> poll == null || poll.equals(row.poll()))
        .filter(row -> org == null || org.equals(row.org()))
        .toList();
  }

  Object reset(String poll, String org, Query query) {
    String to = query.only("to").text("to");
    if (to == null) {
      throw new AdminError(
          400, "to: say where: beginning, a time such as 2026-01-31T00:00:00Z, or a cursor");
    }
    Instant highWater = rows(poll, org).stream().findFirst().map(CursorRow::highWater).orElse(null);
    CursorPlace place = place(to.strip(), highWater);
    return acted(poll, org, cursors.reset(poll, org, place, clock.instant()));
  }

  /**
   * {@code beginning}, a date or a time, else a cursor of the API's.
   *
   * @param highWater where it falls back to if the API refuses the cursor
   */
  private static CursorPlace place(String to, @Nullable Instant highWater) {
    if (to.equals("beginning")) {
      return CursorPlace.BEGINNING;
    }
    try {
      return CursorPlace.at(OffsetDateTime.parse(to).toInstant());
    } catch (DateTimeParseException noTime) {
      try {
        return CursorPlace.at(LocalDate.parse(to).atStartOfDay(ZoneOffset.UTC).toInstant());
      } catch (DateTimeParseException noDate) {
        if (to.length() > CursorPlace.MAX_POSITION) {
          throw new AdminError(
              400, "to: a cursor has at most " + CursorPlace.MAX_POSITION + " characters");
        }
        return new CursorPlace(to, null, highWater);
      }
    }
  }

  Object pause(String poll, String org, Query query) {
    String reason = query.only("reason").text("reason");
    String why = reason == null ? BY_HAND : BY_HAND + ": " + Query.oneLine(reason);
    return acted(poll, org, cursors.pause(poll, org, why));
  }

  Object resume(String poll, String org, Query query) {
    query.only();
    return acted(poll, org, cursors.resume(poll, org, clock.instant()));
  }

  Object run(String poll, String org, Query query) {
    query.only();
    List<CursorRow> rows = rows(poll, org);
    if (rows.size() == 1 && rows.get(0).state().equals("paused")) {
      throw new AdminError(
          409, "%s of %s is paused (%s): resume it".formatted(poll, org, rows.get(0).reason()));
    }
    return acted(poll, org, cursors.runNow(poll, org, clock.instant()));
  }

  private CursorRow acted(String poll, String org, boolean found) {
    if (!found) {
      String known =
          rows(null, null).stream()
              .map(row -> row.poll() + "/" + row.org())
              .collect(Collectors.joining(", "));
      throw new AdminError(
          404, "there is no poll " + poll + " of " + org + "; there are: " + known);
    }
    return rows(poll, org).get(0);
  }
}
