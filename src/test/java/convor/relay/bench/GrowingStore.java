package convor.relay.bench;

import convor.relay.store.Claim;
import convor.relay.store.Database;
import convor.relay.store.Deliveries;
import convor.relay.store.Deliveries.Decision;
import convor.relay.store.Deliveries.Turn;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.Pair;
import convor.relay.store.Pairs;
import convor.relay.store.Receipt;
import convor.relay.store.Selection;
import convor.relay.store.Settlement;
import convor.relay.store.StoreSettings;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * A store that is appended to and delivered from. Its two connectors: {@code fresh} has delivered
 * all that it was filled with but what waits for a later try, and goes on in the log; {@code due}
 * has as many waiting that may be tried now.
 */
final class GrowingStore implements AutoCloseable {
  private static final Pair FRESH = new Pair("fresh", "acme");
  private static final Pair DUE = new Pair("due", "acme");
  private static final Selection ALL =
      new Selection(type -> true, false, null, Duration.ofSeconds(90), Duration.ofMinutes(1));
  private static final int BODY = 1_024;
  private static final int AT_ONCE = 64;
  private static final int CONCURRENCY = 8;
  private static final int ROUND = 4_000;
  private static final int STEP = 10_000;

  private static final String DELIVERY =
      """
      insert into delivery (connector, event_id, org, state, attempt, due_at, outcome_unknown, started_at)
      select cast(? as varchar(64)), id, org, cast(? as varchar(8)), 1, cast(? as bigint), false, received_at from event
      where id > ? and id <= ?
      """;

  /** What is measured. */
  enum Work {
    /** Events, 64 at once. */
    APPEND,
    /** Deliveries of what was appended, 8 at once: claimed, and settled in the turn after. */
    FRESH,
    /** Deliveries that were waiting, likewise. */
    DUE,
    /** Looks for pairs with something to do. */
    LOOK
  }

  /** Microseconds for one of them, and of the processors' time: PostgreSQL's included. */
  record Cost(double wall, double cpu) {}

  private final Database database;
  private final long postmaster;
  private final GroupCommit events;
  private final Pairs pairs;
  private final Deliveries deliveries;
  private long lastKey;

  /**
   * @param postmaster PostgreSQL's process, or 0
   */
  GrowingStore(Database database, long postmaster) {
    this.database = database;
    this.postmaster = postmaster;
    this.events = new GroupCommit(database, new StoreSettings("", null, null, 10, 10_000, 256));
    this.pairs = new Pairs(database);
    this.deliveries = new Deliveries(database);
  }

  /**
   * With this many events that {@code fresh} has delivered, the last {@code waiting} halves of
   * whose deliveries wait, one half for each connector.
   */
  void fill(int count, int waiting) {
    for (int done = 0; done < count; done += STEP) {
      List<Event> step = new ArrayList<>();
      for (int i = Math.min(STEP, count - done); i > 0; i--) {
        step.add(event());
      }
      events.append(step).forEach(GrowingStore::expectStored);
    }
    pairs.register(FRESH, false, "", Instant.now());
    pairs.register(DUE, false, "", Instant.now());
    long later = Instant.now().plus(Duration.ofDays(1)).toEpochMilli();
    for (int from = 0; from < count; from += STEP) {
      int to = Math.min(count, from + STEP);
      int firstWaiting = count - waiting / 2;
      deliver(FRESH, "done", null, from, Math.min(to, firstWaiting));
      deliver(FRESH, "waiting", later, Math.max(from, firstWaiting), to);
      deliver(DUE, "waiting", 0L, Math.max(from, firstWaiting), to);
      database.flush();
    }
  }

  private void deliver(Pair pair, String state, Long dueAt, int from, int to) {
    if (from < to) {
      database.inTransaction(
          connection -> {
            try (PreparedStatement insert = connection.prepareStatement(DELIVERY)) {
              insert.setString(1, pair.connector());
              insert.setString(2, state);
              insert.setObject(3, dueAt);
              insert.setLong(4, from);
              insert.setLong(5, to);
              return insert.executeUpdate();
            }
          });
    }
  }

  private String nextKey() {
    return "evt_" + HexFormat.of().toHexDigits(++lastKey);
  }

  Cost measure(Work work) {
    if (work == Work.DUE) {
      makeDue(ROUND); // in both: what is claimed is then the same
    }
    long cpu = cpuNanos();
    long start = System.nanoTime();
    int count =
        switch (work) {
          case APPEND -> append(ROUND);
          case FRESH -> deliver(FRESH, ROUND);
          case DUE -> deliver(DUE, ROUND);
          case LOOK -> look(ROUND / 10);
        };
    double wall = (System.nanoTime() - start) / 1e3 / count;
    return new Cost(wall, (cpuNanos() - cpu) / 1e3 / count);
  }

  private int append(int count) {
    Deque<CompletableFuture<Receipt>> running = new ArrayDeque<>();
    for (int i = 0; i < count; i++) {
      if (running.size() == AT_ONCE) {
        expectStored(running.remove().join());
      }
      running.add(events.append(event()));
    }
    running.forEach(receipt -> expectStored(receipt.join()));
    return count;
  }

  private Event event() {
    String key = nextKey();
    return new Event(
        "acme",
        "convor",
        key,
        "conversation.created",
        "conversation/c_" + lastKey % 5_000,
        null,
        Instant.now(),
        Map.of("content-type", "application/json"),
        Body.of(key, BODY));
  }

  private static void expectStored(Receipt receipt) {
    if (receipt != Receipt.STORED) {
      throw new IllegalStateException(receipt + "");
    }
  }

  /** The connector's next events of the log wait to be tried, as those of a burst would. */
  private void makeDue(int count) {
    database.inTransaction(
        connection -> {
          try (PreparedStatement insert =
                  connection.prepareStatement(
                      """
                  insert into delivery (connector, event_id, org, state, attempt, due_at, outcome_unknown, started_at)
                  select 'due', id, org, 'waiting', 1, 0, false, received_at from event
                  where org = 'acme' and id > (select position from connector where name = 'due') order by org, id limit ?
                  """);
              PreparedStatement move =
                  connection.prepareStatement(
                      """
                      update connector set position =
                        (select max(event_id) from delivery where connector = 'due' and event_id > position)
                      where name = 'due'
                      """)) {
            insert.setInt(1, count);
            insert.executeUpdate();
            return move.executeUpdate();
          }
        });
    database.flush();
  }

  private int deliver(Pair pair, int count) {
    List<Settlement> ended = List.of();
    int all = 0;
    while (all < count) {
      List<Settlement> settle = ended;
      Turn turn =
          deliveries.turn(
              pair, ALL, status -> new Decision(status, settle), CONCURRENCY, Instant.now());
      if (turn.claims().size() < CONCURRENCY) {
        throw new IllegalStateException("only " + turn.claims().size());
      }
      all += turn.claims().size();
      ended = new ArrayList<>(turn.claims().stream().map(GrowingStore::done).toList());
    }
    List<Settlement> last = ended;
    deliveries.turn(pair, ALL, status -> new Decision(status, last), 0, Instant.now());
    return all;
  }

  private static Settlement done(Claim claim) {
    Settlement.Answer answer = new Settlement.Answer(200, null, null, "remote");
    return new Settlement(claim, Settlement.State.DONE, null, claim.attempt(), false, answer);
  }

  private int look(int count) {
    for (int i = 0; i < count; i++) {
      pairs.withWork(FRESH.connector(), Instant.now());
    }
    return count;
  }

  private long cpuNanos() {
    Stream<ProcessHandle> all = Stream.of(ProcessHandle.current());
    if (postmaster != 0) {
      all = Stream.concat(all, ProcessHandle.of(postmaster).orElseThrow().children());
    }
    return all.mapToLong(
            process -> process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos())
        .sum();
  }

  @Override
  public void close() {
    events.close();
  }
}
