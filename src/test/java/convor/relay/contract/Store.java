package convor.relay.contract;

import convor.relay.store.Claim;
import convor.relay.store.Database;
import convor.relay.store.Deliveries;
import convor.relay.store.Deliveries.Decision;
import convor.relay.store.Deliveries.Turn;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.Pair;
import convor.relay.store.PairStatus;
import convor.relay.store.Pairs;
import convor.relay.store.Receipt;
import convor.relay.store.RejectedLog;
import convor.relay.store.Selection;
import convor.relay.store.Settlement;
import convor.relay.store.Settlement.Answer;
import convor.relay.store.Settlement.State;
import convor.relay.store.StoreSettings;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** An open store, and the words in which its promises are told. */
final class Store implements AutoCloseable {
  static final Instant T0 = Instant.parse("2026-11-23T10:00:00Z");
  static final Duration LEASE = Duration.ofSeconds(90);
  static final Duration PROBE = Duration.ofMinutes(1);
  static final Pair SLACK = new Pair("slack", "acme");
  static final Selection ALL = new Selection(type -> true, false, null, LEASE, PROBE);
  static final Selection ORDERED = new Selection(type -> true, true, null, LEASE, PROBE);
  private static final Answer OK = new Answer(200, null, null, "remote-1");

  final Database database;
  final GroupCommit events;
  final Pairs pairs;
  final Deliveries deliveries;
  final RejectedLog rejected;

  Store(StoreSettings settings) {
    database = Database.open(settings);
    events = new GroupCommit(database, settings);
    pairs = new Pairs(database);
    deliveries = new Deliveries(database);
    rejected = new RejectedLog(database);
  }

  static Event event(String key) {
    return event("acme", key, "conversation.created", null);
  }

  static Event event(String org, String key, String type, String subject) {
    byte[] body = ("{\"id\":\"" + key + "\"}").getBytes(StandardCharsets.UTF_8);
    return new Event(
        org, "convor", key, type, subject, null, T0, Map.of("content-type", "x"), body);
  }

  Receipt append(Event event) {
    return get(events.append(event));
  }

  static Receipt get(CompletableFuture<Receipt> receipt) {
    return receipt.orTimeout(60, TimeUnit.SECONDS).join();
  }

  /** {@code count} events with the prefix and a number from 1 as their keys, in this order. */
  void append(String prefix, int count, Function<String, Event> event) {
    List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      receipts.add(events.append(event.apply(prefix + i)));
    }
    receipts.forEach(Store::get);
  }

  /** A pair that gets all that is appended from now on. */
  Pair register(Pair pair) {
    pairs.register(pair, false, "settings-1", T0);
    return pair;
  }

  Turn claim(Pair pair, Selection selection, int want, Instant now) {
    return deliveries.turn(pair, selection, status -> new Decision(status, List.of()), want, now);
  }

  Turn unflushedTurn(int want, Instant now) {
    return deliveries.unflushedTurn(
        SLACK, ALL, status -> new Decision(status, List.of()), want, now);
  }

  List<Claim> claim(int want, Instant now) {
    return claim(SLACK, ALL, want, now).claims();
  }

  Turn settle(Instant now, Settlement... settlements) {
    return deliveries.turn(
        SLACK, ALL, status -> new Decision(status, List.of(settlements)), 0, now);
  }

  /** Makes the pair's state another without an attempt. */
  void change(Pair pair, Function<PairStatus, PairStatus> change) {
    deliveries.turn(pair, ALL, status -> new Decision(change.apply(status), List.of()), 0, T0);
  }

  PairStatus status(Pair pair) {
    return pairs.all().get(pair);
  }

  static Settlement done(Claim claim) {
    return new Settlement(claim, State.DONE, null, claim.attempt(), false, OK);
  }

  static Settlement dead(Claim claim) {
    Answer answer = new Answer(404, "HTTP 404", "{\"error\":\"gone\"}", null);
    return new Settlement(claim, State.DEAD, null, claim.attempt(), false, answer);
  }

  static Settlement waiting(Claim claim, Instant due) {
    Answer answer = new Answer(500, "HTTP 500", null, null);
    return new Settlement(claim, State.WAITING, due, claim.attempt(), false, answer);
  }

  static List<String> keys(List<Claim> claims) {
    return claims.stream().map(claim -> claim.event().key()).toList();
  }

  long count(String table) {
    return query("select count(*) from " + table).get(0).get(0) instanceof Number n
        ? n.longValue()
        : -1;
  }

  /** The rows of a query: looking past the interface, where what is told is what is on disk. */
  List<List<Object>> query(String sql) {
    return database.inTransaction(
        connection -> {
          try (Statement statement = connection.createStatement();
              ResultSet rows = statement.executeQuery(sql)) {
            List<List<Object>> all = new ArrayList<>();
            while (rows.next()) {
              List<Object> row = new ArrayList<>();
              for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                row.add(rows.getObject(i));
              }
              all.add(row);
            }
            return all;
          }
        });
  }

  @Override
  public void close() {
    events.close();
    database.close();
  }
}
