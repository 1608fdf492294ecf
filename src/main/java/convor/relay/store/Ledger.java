package convor.relay.store;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a person asks about events and deliveries. Newest first; a list continues after the last row
 * that was seen, however much has come in since.
 */
public final class Ledger {
  private static final String EVENTS =
      """
      select id, org, source, event_key, type, subject, version, received_at, octet_length(body) as bytes
      from event
      """;

  private static final String PLACES = "select event_id, connector from delivery";

  private static final String DELIVERIES =
      """
      select d.event_id, d.connector, d.org, d.state, c.state as pair_state, d.attempt, d.due_at, d.outcome_unknown,
        d.status, d.reason, d.excerpt, d.remote_id, d.settled_at, e.event_key, e.type, e.subject, e.received_at
      from delivery d
      join connector c on c.name = d.connector and c.org = d.org
      join event e on e.id = d.event_id
      """;

  private static final String PENDING =
      "select id, event_key, type, subject, received_at from event";

  private static final String REJECTED =
      "select id, org, source, at, reason, detail, remote, body_bytes from rejected";

  private static final String BEHIND_A_SUBJECT = "waits for an earlier event of its subject";

  private final Database database;

  public Ledger(Database database) {
    this.database = database;
  }

  /**
   * Which events.
   *
   * @param type {@code *} stands for any characters
   */
  public record EventFilter(
      @Nullable String org, @Nullable String source, @Nullable String type, @Nullable String key) {}

  /** An event without its body. */
  public record StoredEvent(
      long id,
      String org,
      String source,
      String key,
      String type,
      @Nullable String subject,
      @Nullable String version,
      Instant receivedAt,
      long bytes) {}

  /** What a delivery can be in for those who look at it. */
  public enum State {
    /** Stored, and not looked at by the connector yet. */
    PENDING,
    WAITING,
    RUNNING,
    /** Pending or waiting, while the pair is paused or parked. */
    HELD,
    DONE,
    DEAD;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Which deliveries. */
  public record DeliveryFilter(
      @Nullable String connector,
      @Nullable String org,
      @Nullable State state,
      @Nullable Long event) {}

  /** A place in the list of deliveries: from the newest event on, within one from Z to A. */
  public record Place(long event, String connector) implements Comparable<Place> {
    public static final Place FIRST = new Place(Long.MAX_VALUE, "");

    @Override
    public int compareTo(Place other) {
      return Comparator.comparing(Place::event)
          .thenComparing(Place::connector)
          .reversed()
          .compare(this, other);
    }
  }

  /**
   * A delivery, or what will be one.
   *
   * @param event the event's id
   * @param attempt attempts spent, the running one included
   * @param dueAt when it is tried next; null if nobody can say
   * @param excerpt of the destination's last answer, redacted
   */
  public record Delivery(
      long event,
      String key,
      String type,
      @Nullable String subject,
      String connector,
      String org,
      State state,
      int attempt,
      @Nullable Instant dueAt,
      boolean outcomeUnknown,
      @Nullable Integer status,
      @Nullable String reason,
      @Nullable String remoteId,
      Instant receivedAt,
      @Nullable Instant settledAt,
      @Nullable String excerpt) {

    public Place place() {
      return new Place(event, connector);
    }
  }

  /** A rejection with its number. */
  public record Rejected(long id, Rejection rejection) {}

  /** The newest events with ids below {@code before}, at most {@code limit}. */
  public List<StoredEvent> events(EventFilter filter, long before, int limit) {
    return database.inTransaction(
        connection ->
            new Where(EVENTS)
                .and("id < ?", before)
                .andIf("org = ?", filter.org)
                .andIf("source = ?", filter.source)
                .andIf("type like ? escape '\\'", filter.type == null ? null : like(filter.type))
                .andIf("event_key = ?", filter.key)
                .list(connection, newestFirst(filter.org), limit, Ledger::storedEvent));
  }

  /** An event with its body. */
  public Optional<Event> event(long id) {
    return database.inTransaction(
        connection -> Optional.ofNullable(EventLog.byId(connection, List.of(id)).get(id)));
  }

  /**
   * Deliveries behind {@code after}, at most {@code limit}; with them those that have no row yet,
   * because the connector has not come so far in the log.
   *
   * @param subscribed the pairs whose connectors take events on this node
   */
  public List<Delivery> deliveries(
      DeliveryFilter filter, Place after, int limit, Collection<Subscribed> subscribed) {
    return database.atOneMoment(
        connection -> {
          Map<Pair, PairStatus> pairs = new LinkedHashMap<>(Pairs.readAll(connection));
          pairs
              .keySet()
              .removeIf(
                  pair ->
                      (filter.connector != null && !filter.connector.equals(pair.connector()))
                          || (filter.org != null && !filter.org.equals(pair.org())));
          Map<Place, Delivery> page = new TreeMap<>();
          // In this order: what is claimed in between shows up in both, once.
          pending(connection, pairs, subscribed, filter, after, limit)
              .forEach(one -> page.put(one.place(), one));
          delivered(connection, places(connection, pairs, filter, after, limit))
              .forEach(one -> page.put(one.place(), one));
          return page.values().stream().limit(limit).toList();
        });
  }

  /** The newest rejections with numbers below {@code before}, at most {@code limit}. */
  public List<Rejected> rejected(@Nullable String org, long before, int limit) {
    return database.inTransaction(
        connection ->
            new Where(REJECTED)
                .and("id < ?", before)
                .andIf("org = ?", org)
                .list(connection, newestFirst(org), limit, Ledger::rejection));
  }

  /** The order in which the index is read backwards. */
  private static String newestFirst(@Nullable String org) {
    return org == null ? "id desc" : "org desc, id desc";
  }

  private static Where behind(Where where, DeliveryFilter filter, Place after) {
    return where
        .and("(event_id < ? or connector < ?)", after.event, after.connector)
        .andIf("event_id = ?", filter.event);
  }

  /** Where the deliveries of the page are. */
  private static Set<Place> places(
      Connection connection,
      Map<Pair, PairStatus> pairs,
      DeliveryFilter filter,
      Place after,
      int limit)
      throws SQLException {
    Set<Place> places = new TreeSet<>();
    State state = filter.state;
    if (state == null || state == State.DONE) {
      String order = "event_id desc, connector desc";
      places.addAll(
          behind(new Where(PLACES), filter, after)
              .and("event_id <= ?", after.event)
              .andIf("connector = ?", filter.connector)
              .andIf("org = ?", filter.org)
              .andIf("state = ?", state == null ? null : "done")
              .list(
                  connection,
                  filter.connector == null ? order : "connector desc, event_id desc",
                  limit,
                  Ledger::place));
    } else {
      // Few among the many that are done: found by due_at, pair by pair. A bound on event_id alone
      // would make H2 read the pair's deliveries one after the other instead.
      for (Map.Entry<Pair, PairStatus> pair : pairs.entrySet()) {
        boolean active = pair.getValue().state() == PairStatus.State.ACTIVE;
        Where where =
            behind(new Where(PLACES), filter, after)
                .and("connector = ?", pair.getKey().connector())
                .and("org = ?", pair.getKey().org())
                .and("event_id + 0 <= ?", after.event);
        switch (state) {
          case WAITING -> open(where, "waiting").and(active ? "true" : "false");
          case HELD -> open(where, "waiting").and(active ? "false" : "true");
          case RUNNING -> open(where, "running");
          case DEAD -> where.and("due_at = ?", Deliveries.NEVER);
          default -> where.and("false"); // pending ones have no row
        }
        places.addAll(where.list(connection, "event_id desc", limit, Ledger::place));
      }
    }
    return places.stream().limit(limit).collect(Collectors.toCollection(TreeSet::new));
  }

  private static Where open(Where where, String state) {
    return where.and("due_at between 0 and ?", Deliveries.BLOCKED).and("state = ?", state);
  }

  private static List<Delivery> delivered(Connection connection, Set<Place> places)
      throws SQLException {
    Object[] events = places.stream().map(Place::event).distinct().toArray();
    return new Where(DELIVERIES)
            .and("d.event_id = any(?)", connection.createArrayOf("bigint", events))
            .list(connection, "d.event_id", Integer.MAX_VALUE, Ledger::delivery)
            .stream()
            .filter(one -> places.contains(one.place()))
            .toList();
  }

  private List<Delivery> pending(
      Connection connection,
      Map<Pair, PairStatus> pairs,
      Collection<Subscribed> subscribed,
      DeliveryFilter filter,
      Place after,
      int limit)
      throws SQLException {
    List<Delivery> pending = new ArrayList<>();
    Set<Pair> behind = Backlogs.behind(connection, database);
    for (Subscribed one : subscribed) {
      PairStatus status = pairs.get(one.pair());
      if (one.missing() == null && status != null && behind.contains(one.pair())) {
        State state = status.state() == PairStatus.State.ACTIVE ? State.PENDING : State.HELD;
        if (filter.state == null || filter.state == state) {
          boolean sameEvent = one.pair().connector().compareTo(after.connector) < 0;
          pending.addAll(
              new Where(PENDING)
                  .and("org = ?", one.pair().org())
                  .and("id > ?", status.position())
                  .and(sameEvent ? "id <= ?" : "id < ?", after.event)
                  .and("regexp_replace(type, ?, '') = ''", one.types())
                  .andIf("id = ?", filter.event)
                  .list(
                      connection,
                      newestFirst(one.pair().org()),
                      limit,
                      row -> pendingDelivery(row, one.pair(), state)));
        }
      }
    }
    return pending;
  }

  private static Place place(ResultSet row) throws SQLException {
    return new Place(row.getLong("event_id"), row.getString("connector"));
  }

  private static StoredEvent storedEvent(ResultSet row) throws SQLException {
    return new StoredEvent(
        row.getLong("id"),
        row.getString("org"),
        row.getString("source"),
        row.getString("event_key"),
        row.getString("type"),
        row.getString("subject"),
        row.getString("version"),
        Instant.ofEpochMilli(row.getLong("received_at")),
        row.getLong("bytes"));
  }

  private static Delivery delivery(ResultSet row) throws SQLException {
    State stored = State.valueOf(row.getString("state").toUpperCase(Locale.ROOT));
    boolean waiting = stored == State.WAITING;
    long dueAt = row.getLong("due_at");
    boolean blocked = waiting && dueAt == Deliveries.BLOCKED;
    long settledAt = row.getLong("settled_at");
    return new Delivery(
        row.getLong("event_id"),
        row.getString("event_key"),
        row.getString("type"),
        row.getString("subject"),
        row.getString("connector"),
        row.getString("org"),
        waiting && !isActive(row) ? State.HELD : stored,
        row.getInt("attempt"),
        waiting && !blocked ? Instant.ofEpochMilli(dueAt) : null,
        row.getBoolean("outcome_unknown"),
        row.getObject("status", Integer.class),
        blocked ? BEHIND_A_SUBJECT : row.getString("reason"),
        row.getString("remote_id"),
        Instant.ofEpochMilli(row.getLong("received_at")),
        settledAt == 0 ? null : Instant.ofEpochMilli(settledAt),
        row.getString("excerpt"));
  }

  private static boolean isActive(ResultSet row) throws SQLException {
    return PairStatus.State.of(row.getString("pair_state")) == PairStatus.State.ACTIVE;
  }

  private static Delivery pendingDelivery(ResultSet row, Pair pair, State state)
      throws SQLException {
    return new Delivery(
        row.getLong("id"),
        row.getString("event_key"),
        row.getString("type"),
        row.getString("subject"),
        pair.connector(),
        pair.org(),
        state,
        0,
        null,
        false,
        null,
        null,
        null,
        Instant.ofEpochMilli(row.getLong("received_at")),
        null,
        null);
  }

  private static Rejected rejection(ResultSet row) throws SQLException {
    return new Rejected(
        row.getLong("id"),
        new Rejection(
            row.getString("org"),
            row.getString("source"),
            Instant.ofEpochMilli(row.getLong("at")),
            row.getString("reason"),
            row.getString("detail"),
            row.getString("remote"),
            row.getLong("body_bytes")));
  }

  private static String like(String wildcard) {
    return wildcard.replaceAll("[\\\\%_]", "\\\\$0").replace('*', '%');
  }
}
