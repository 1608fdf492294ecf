package convor.relay.poll;

import convor.relay.store.CursorPlace;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * The way of one run through a list: where it is, and where the next page leads. Pure; each page
 * makes a new one.
 *
 * @param since the lower bound in time of the next page, where there is no cursor; inclusive
 * @param limit how many records the next page may have; grows while all of a page have one time
 * @param pages read so far
 * @param passed the cursors that this run has used
 */
record Walk(
    PollSpec spec,
    Instant startedAt,
    CursorPlace place,
    @Nullable Instant since,
    int limit,
    int pages,
    Set<String> passed) {

  /** The way from a stored place on. */
  static Walk from(PollSpec spec, CursorPlace place, Instant now) {
    Instant highWater = place.highWater();
    Instant since = highWater == null ? null : highWater.minus(spec.pace().overlap());
    since = place.resume() == null ? since : place.resume(); // the overlap was read at the start
    return new Walk(spec, now, place, since, spec.request().pageSize(), 0, Set.of());
  }

  /** The query of the next page's request. */
  String query() {
    PollSpec.Request request = spec.request();
    StringJoiner query = new StringJoiner("&");
    int fixed = request.path().indexOf('?');
    if (fixed >= 0) {
      query.add(request.path().substring(fixed + 1));
    }
    add(query, request.limit(), String.valueOf(limit));
    if (place.position() != null) {
      add(query, request.cursor(), place.position());
    } else if (since != null) {
      add(query, request.since(), request.times().write(since));
      add(query, request.until(), request.times().write(bound()));
    }
    return query.toString();
  }

  /** The path of the request, without a query. */
  String path() {
    return spec.request().path().replaceFirst("[?].*", "");
  }

  private static void add(StringJoiner query, String name, String value) {
    if (!name.isEmpty()) {
      query.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
    }
  }

  /** What is newer is too young to be missed. */
  private Instant bound() {
    return startedAt.minus(spec.pace().grace());
  }

  /**
   * The way behind a page.
   *
   * @throws PollProblem if the list does not go on although it says so
   */
  Walk behind(Page page) {
    String next = page.next();
    if (page.more() && next == null && spec.kind() == PollSpec.Kind.CURSOR) {
      throw new PollProblem(
          "the answer says that there is more, and has no cursor at %s: see the parameter `next`"
              .formatted(spec.answer().next()));
    }
    if (next != null && next.length() > CursorPlace.MAX_POSITION) {
      throw new PollProblem(
          "the next cursor is %,d characters long; at most %,d can be kept"
              .formatted(next.length(), CursorPlace.MAX_POSITION));
    }
    Instant newest = newest(page.items());
    Set<String> used = new HashSet<>(passed);
    if (place.position() != null) {
      used.add(place.position());
    }
    if (page.more() && next != null && used.contains(next)) {
      throw new PollProblem(
          "the API gave the same cursor again: the list does not go on, although it says that there is more");
    }
    boolean byTime = next == null && spec.kind() == PollSpec.Kind.SINCE && goesOnBehind(page);
    Instant resume = byTime && newest != null ? newest : null;
    boolean stuck = byTime && (newest == null || (since != null && !newest.isAfter(since)));
    return new Walk(
        spec,
        startedAt,
        new CursorPlace(position(page), resume, highWater(newest)),
        resume == null ? since : resume,
        stuck ? larger(page) : spec.request().pageSize(),
        pages + 1,
        used);
  }

  /** A page of one time only: the next one begins with the same records, so it must have room. */
  private int larger(Page page) {
    int most = spec.request().pageSizeMax();
    if (limit >= most || page.size() < limit) {
      throw new PollProblem(
          "more than %,d records have the time %s, and the API gives no more than %,d at once and no cursor: raise `page-size-max`, if the API allows it"
              .formatted(Math.min(limit, page.size()), since, page.size()));
    }
    return (int) Math.min(most, 2L * limit);
  }

  /** Behind the end of a list its last cursor is kept: what comes later comes after it. */
  private @Nullable String position(Page page) {
    if (spec.kind() == PollSpec.Kind.SINCE) {
      return goesOnBehind(page) ? page.next() : null;
    }
    return page.next() == null ? place.position() : page.next();
  }

  /** Never beyond the relay's own clock: one record from the future would hide all until then. */
  private @Nullable Instant highWater(@Nullable Instant newest) {
    Instant before = place.highWater();
    if (newest == null) {
      return before;
    }
    Instant capped = newest.isAfter(startedAt) ? startedAt : newest;
    return before == null || capped.isAfter(before) ? capped : before;
  }

  private static @Nullable Instant newest(List<Page.Item> items) {
    return items.stream()
        .map(Page.Item::time)
        .filter(time -> time != null)
        .max(Instant::compareTo)
        .orElse(null);
  }

  /** Whether it is in the middle of records of one time, of which a page must have all. */
  boolean isWidened() {
    return limit > spec.request().pageSize();
  }

  /**
   * Whether the run has something to read behind the page. A list that is read by time ends for it
   * where that began: what is newer is for the next run, and begins again with the overlap.
   */
  boolean goesOnBehind(Page page) {
    Instant newest = newest(page.items());
    boolean reachesNow =
        spec.kind() == PollSpec.Kind.SINCE && newest != null && newest.isAfter(startedAt);
    return page.more() && !reachesNow;
  }
}
