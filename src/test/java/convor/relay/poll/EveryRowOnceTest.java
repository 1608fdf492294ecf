package convor.relay.poll;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import convor.relay.store.CursorEnd;
import convor.relay.store.CursorLease;
import convor.relay.store.Cursors;
import convor.relay.store.Database;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.Ledger;
import convor.relay.store.Ledger.EventFilter;
import convor.relay.store.PolledPage;
import convor.relay.store.PolledPages;
import convor.relay.store.StoreSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A list that changes while it is read, pages of random sizes, webhooks of which some come before
 * the poll and some never, runs that break off anywhere: in the end every version that lasted is an
 * event once. 70 seeds for each kind of list, on a real H2 file.
 */
class EveryRowOnceTest {
  private static final int SEEDS = 70;
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PAIR = Pattern.compile("([^&=]+)=([^&]*)");

  @TempDir static Path folder;
  private static Database database;
  private static GroupCommit events;
  private static Cursors cursors;
  private static PolledPages pages;

  /** What the API hands out to go on by. */
  enum Api {
    CURSOR("cursor"),
    SINCE("since"),
    /** A time to begin with, and a cursor within the answer. */
    SINCE_WITH_CURSOR("since");

    private final String kind;

    Api(String kind) {
      this.kind = kind;
    }
  }

  @BeforeAll
  static void open() {
    StoreSettings settings =
        new StoreSettings("jdbc:h2:file:" + folder.resolve("relay"), null, null, 4, 1_000, 64);
    database = Database.open(settings);
    events = new GroupCommit(database, settings);
    cursors = new Cursors(database);
    pages = new PolledPages(database);
  }

  @AfterAll
  static void close() {
    events.close();
    database.close();
  }

  @ParameterizedTest
  @EnumSource
  void every_version_that_lasts_becomes_one_event(Api api) {
    for (int seed = 0; seed < SEEDS; seed++) {
      new Simulation(api, seed).run();
    }
  }

  /** One organization, one list, one seed. */
  private static final class Simulation {
    private final Api api;
    private final String org;
    private final Random random;
    private final PollSpec spec;
    private final Records records;
    private final Map<String, Instant> rows = new HashMap<>();
    private final Set<String> everSeen = new HashSet<>();
    private Instant now = Instant.parse("2026-11-01T00:00:00Z");
    private int inserts;

    Simulation(Api api, int seed) {
      this.api = api;
      this.org = api.name().toLowerCase(Locale.ROOT) + "-" + seed;
      this.random = new Random(seed);
      this.spec =
          PollSpec.of(
              Parameters.with(
                  "poll",
                  "rows",
                  "path",
                  "/rows",
                  "subject",
                  "row",
                  "start",
                  "beginning",
                  "grace",
                  "1ms",
                  "kind",
                  api.kind,
                  "page-size",
                  String.valueOf(1 + random.nextInt(6)),
                  "max-pages",
                  String.valueOf(1 + random.nextInt(8)),
                  "overlap",
                  random.nextBoolean() ? "1ms" : "30s"));
      this.records = new Records(spec, Simulation::json);
    }

    private static JsonNode json(Event event) {
      try {
        return JSON.readTree(event.body());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void run() {
      cursors.register("rows", org, spec.start().from(now), "", now);
      for (int round = 0; round < 8; round++) {
        change();
        poll(true);
      }
      boolean moved = true;
      for (int quiet = 0; quiet < 200 && moved; quiet++) {
        moved = poll(false);
      }
      assertThat(moved).as("%s came to an end", org).isFalse();
      verify();
    }

    /** Rows come and change, many of them at the same time; some webhooks tell of it. */
    private void change() {
      for (int i = random.nextInt(4); i > 0; i--) {
        boolean again = !rows.isEmpty() && random.nextInt(3) == 0;
        String id =
            again
                ? rows.keySet().stream().sorted().toList().get(random.nextInt(rows.size()))
                : "r%04d".formatted(inserts++);
        if (random.nextBoolean()) {
          now = now.plusMillis(random.nextInt(3));
        }
        Instant at = rows.containsKey(id) ? now.plusMillis(1) : now;
        now = at;
        rows.put(id, at);
        everSeen.add(id + "@" + at);
        if (random.nextInt(3) == 0) {
          webhook(id, at);
        }
      }
    }

    private void webhook(String id, Instant at) {
      String body = "{\"data\":{\"row\":{\"id\":\"%s\",\"updated_at\":\"%s\"}}}".formatted(id, at);
      Event event =
          new Event(
              org,
              "convor",
              "evt_" + id + at,
              "row.changed",
              "row/" + id,
              at.toString(),
              now,
              Map.of(),
              body.getBytes(StandardCharsets.UTF_8));
      events.append(event).join();
    }

    /** A run that may break off; returns whether there was more to read. */
    private boolean poll(boolean mayDie) {
      now = now.plus(LEASE).plusSeconds(100);
      CursorLease lease = cursors.claimDue("rows", Set.of(org), 1, LEASE, now).get(0);
      Walk walk = Walk.from(spec, lease.place(), now);
      int before = all().size();
      for (int page = 0; page < 50; page++) {
        if (mayDie && random.nextInt(6) == 0) {
          return true; // killed before the page
        }
        Page read = Page.read(answer(walk), spec, walk.limit());
        walk = walk.behind(read);
        if (mayDie) {
          change(); // while the page is on its way
        }
        pages.append(
            new PolledPage(
                lease, records.of(read, org, now.plusSeconds(1)), walk.place(), records::covers),
            LEASE,
            now);
        if (mayDie && random.nextInt(6) == 0) {
          return true; // killed behind it
        }
        if (!walk.goesOnBehind(read)) {
          cursors.end(lease, new CursorEnd(false, null, 0, now, null));
          return all().size() > before;
        }
      }
      return true;
    }

    private record Row(String id, Instant at) {}

    private JsonNode answer(Walk walk) {
      Map<String, String> query = new HashMap<>();
      for (Matcher pair = PAIR.matcher(walk.query()); pair.find(); ) {
        query.put(pair.group(1), URLDecoder.decode(pair.group(2), StandardCharsets.UTF_8));
      }
      List<Row> sorted =
          rows.entrySet().stream()
              .map(row -> new Row(row.getKey(), row.getValue()))
              .sorted(Comparator.comparing(Row::at).thenComparing(Row::id))
              .toList();
      String cursor = query.get("cursor");
      Instant since = Instant.parse(query.getOrDefault("updated_since", Instant.EPOCH.toString()));
      List<Row> rest =
          sorted.stream()
              .filter(row -> cursor == null ? !row.at().isBefore(since) : isBehind(row, cursor))
              .toList();
      int limit = Integer.parseInt(query.get("limit"));
      List<Row> page = rest.stream().limit(limit).toList();
      ObjectNode answer = JSON.createObjectNode().put("has_more", rest.size() > page.size());
      ArrayNode data = answer.putArray("data");
      page.forEach(
          row -> data.addObject().put("id", row.id()).put("updated_at", row.at().toString()));
      if (api != Api.SINCE && !page.isEmpty()) {
        Row last = page.get(page.size() - 1);
        answer.put("next_cursor", last.at() + " " + last.id());
      }
      return answer;
    }

    private static boolean isBehind(Row row, String cursor) {
      int blank = cursor.indexOf(' ');
      int order = row.at().compareTo(Instant.parse(cursor.substring(0, blank)));
      return order > 0 || (order == 0 && row.id().compareTo(cursor.substring(blank + 1)) > 0);
    }

    private List<String> all() {
      return new Ledger(database)
          .events(new EventFilter(org, null, null, null), Long.MAX_VALUE, 10_000).stream()
              .map(
                  event ->
                      String.valueOf(event.subject()).replace("row/", "") + "@" + event.version())
              .toList();
    }

    private void verify() {
      List<String> stored = new ArrayList<>(all());
      List<String> last =
          rows.entrySet().stream().map(row -> row.getKey() + "@" + row.getValue()).toList();
      assertThat(stored).as("%s: each version once", org).doesNotHaveDuplicates();
      assertThat(stored).as("%s: every version that lasted", org).containsAll(last);
      assertThat(everSeen).as("%s: nothing that never was", org).containsAll(stored);
    }
  }
}
