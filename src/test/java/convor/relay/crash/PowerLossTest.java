package convor.relay.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.store.Claim;
import convor.relay.store.Database;
import convor.relay.store.Deliveries;
import convor.relay.store.Deliveries.Decision;
import convor.relay.store.Deliveries.Turn;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.Pair;
import convor.relay.store.Pairs;
import convor.relay.store.Selection;
import convor.relay.store.Settlement;
import convor.relay.store.StoreSettings;
import convor.relay.store.StoreUnavailable;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** The power fails at any moment: what the store has answered for is there afterwards. */
class PowerLossTest {
  private static final int ROUNDS = Integer.getInteger("rounds", 25);
  private static final int FAILURES = 8;
  private static final Duration HEALED = Duration.ofSeconds(30);
  private static final int SENDERS = 4;
  private static final Pair PAIR = new Pair("ticket", "acme");
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final Duration LEASE = Duration.ofSeconds(90);
  private static final Selection EVERYTHING =
      new Selection(type -> true, false, null, LEASE, Duration.ofMinutes(1));

  /** What the store has said that it did, until the power failed. */
  private static final class Promises {
    boolean opened;
    final Map<String, String> acknowledged = new ConcurrentHashMap<>();
    final Map<Long, Claim> started = new HashMap<>();
    final Map<Long, Settlement> settled = new HashMap<>();
  }

  @Test
  void what_was_acknowledged_or_started_is_known_after_the_power_fails() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("PowerLossTest: -Dseed=" + seed);
    Random random = new Random(seed);
    int acknowledged = 0;
    int started = 0;
    for (int round = 0; round < ROUNDS; round++) {
      PowerDisk disk = new PowerDisk(random.nextLong());
      disk.cutAfter(1 + random.nextInt(600));
      Promises promises = new Promises();
      useUntilThePowerFails(disk, promises);
      if (promises.opened) { // else nothing was promised: the file may hold half a schema
        check(disk.cut(), promises, "round " + round + " of seed " + seed);
      }
      acknowledged += promises.acknowledged.size();
      started += promises.started.size();
    }
    System.out.println(acknowledged + " acknowledged, " + started + " started");
    assertThat(acknowledged).isGreaterThan(ROUNDS);
    assertThat(started).isGreaterThan(ROUNDS);
  }

  @Test
  void a_store_whose_disk_failed_heals_by_itself_and_has_lost_nothing() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("PowerLossTest: -Dseed=" + seed);
    Random random = new Random(seed);
    PowerDisk disk = new PowerDisk(random.nextLong());
    Promises promises = new Promises();
    try (Database database = Database.open(settings(disk));
        GroupCommit events = new GroupCommit(database, settings(disk))) {
      for (int failure = 0; failure < FAILURES; failure++) {
        disk.failAfter(random.nextInt(100));
        String name = "failure" + failure + "-";
        useUntilItFails(name, database, events, promises);
        disk.heal();
        await()
            .atMost(HEALED)
            .ignoreException(ExecutionException.class)
            .until(() -> events.append(event(name + "healed")).get() != null);
      }
    }
    check(disk.cut(), promises, "seed " + seed);
  }

  private static StoreSettings settings(PowerDisk disk) {
    // space may be used again at once, not after 45 s: no round takes so long
    String url = disk.url() + ";RETENTION_TIME=0";
    return new StoreSettings(url, null, null, 10, 1000, 16);
  }

  private static void useUntilThePowerFails(PowerDisk disk, Promises promises) throws Exception {
    Database database;
    try {
      database = Database.open(settings(disk));
    } catch (StoreUnavailable e) {
      return;
    }
    promises.opened = true;
    try (database;
        GroupCommit events = new GroupCommit(database, settings(disk))) {
      useUntilItFails("", database, events, promises);
    }
  }

  private static void useUntilItFails(
      String name, Database database, GroupCommit events, Promises promises)
      throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < SENDERS; i++) {
      String sender = name + "sender" + i;
      threads.add(new Thread(() -> send(sender, events, promises)));
    }
    threads.add(new Thread(() -> deliver(database, promises)));
    threads.add(new Thread(() -> compact(database)));
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void send(String sender, GroupCommit events, Promises promises) {
    try {
      for (int i = 0; ; i++) {
        Event event = event(sender + "-" + i);
        events.append(event).get();
        promises.acknowledged.put(event.key(), new String(event.body(), StandardCharsets.UTF_8));
      }
    } catch (ExecutionException e) {
      assertThat(e).hasCauseInstanceOf(StoreUnavailable.class);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Event event(String key) {
    byte[] body = ("body of " + key + " ").repeat(10).getBytes(StandardCharsets.UTF_8);
    return new Event("acme", "convor", key, "type", null, null, NOW, Map.of(), body);
  }

  private static void deliver(Database database, Promises promises) {
    Deliveries deliveries = new Deliveries(database);
    List<Claim> running = List.of();
    try {
      new Pairs(database).register(PAIR, true, "", NOW);
      while (true) {
        List<Settlement> ended = running.stream().map(PowerLossTest::done).toList();
        Turn turn =
            deliveries.turn(PAIR, EVERYTHING, status -> new Decision(status, ended), 8, NOW);
        ended.forEach(settlement -> promises.settled.put(settlement.claim().eventId(), settlement));
        turn.claims().forEach(claim -> promises.started.put(claim.eventId(), claim));
        running = turn.claims();
      }
    } catch (StoreUnavailable e) {
      // the power is off
    }
  }

  private static void compact(Database database) {
    try {
      while (true) {
        database.compact();
        Thread.onSpinWait();
      }
    } catch (StoreUnavailable e) {
      // the power is off
    }
  }

  private static Settlement done(Claim claim) {
    return new Settlement(
        claim,
        Settlement.State.DONE,
        null,
        claim.attempt(),
        false,
        new Settlement.Answer(200, null, null, "remote-" + claim.eventId()));
  }

  private static void check(PowerDisk disk, Promises promises, String when) {
    String round = when + ": " + promises.acknowledged.size() + " acknowledged";
    try (Database database = Database.open(settings(disk))) {
      Map<String, String> lost = new HashMap<>(promises.acknowledged);
      Map<String, String> stored = bodies(database);
      lost.entrySet().removeIf(entry -> entry.getValue().equals(stored.get(entry.getKey())));
      assertThat(lost.keySet()).as("%s, %d stored; lost", round, stored.size()).isEmpty();
      Map<Long, String> states = states(database);
      promises.started.keySet().forEach(id -> assertThat(states).as(round).containsKey(id));
      promises
          .settled
          .keySet()
          .forEach(id -> assertThat(states).as(round).containsEntry(id, "done remote-" + id));
      if (!promises.started.isEmpty()) {
        startedButNotSettledIsKnownToBeUnknown(database, promises, states, round);
      }
    } catch (StoreUnavailable e) {
      throw new AssertionError(round, e);
    }
  }

  private static void startedButNotSettledIsKnownToBeUnknown(
      Database database, Promises promises, Map<Long, String> states, String round) {
    Deliveries deliveries = new Deliveries(database);
    deliveries.expireLeases();
    Map<Long, Claim> again = new HashMap<>();
    deliveries
        .turn(PAIR, EVERYTHING, status -> new Decision(status, List.of()), 100_000, NOW)
        .claims()
        .forEach(claim -> again.put(claim.eventId(), claim));
    promises.started.forEach(
        (id, claim) -> {
          if (!states.get(id).startsWith("done")) {
            assertThat(again.get(id)).as(round).isNotNull();
            assertThat(again.get(id).outcomeUnknown()).as(round).isTrue();
            assertThat(again.get(id).attempt()).as(round).isEqualTo(claim.attempt() + 1);
          }
        });
  }

  private static Map<String, String> bodies(Database database) {
    return database.inTransaction(
        connection -> {
          Map<String, String> bodies = new HashMap<>();
          try (PreparedStatement select =
                  connection.prepareStatement("select event_key, body from event");
              ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
              bodies.put(rows.getString(1), new String(rows.getBytes(2), StandardCharsets.UTF_8));
            }
          }
          return bodies;
        });
  }

  private static Map<Long, String> states(Database database) {
    return database.inTransaction(
        connection -> {
          Map<Long, String> states = new HashMap<>();
          try (PreparedStatement select =
                  connection.prepareStatement("select event_id, state, remote_id from delivery");
              ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
              states.put(rows.getLong(1), rows.getString(2) + " " + rows.getString(3));
            }
          }
          return states;
        });
  }
}
