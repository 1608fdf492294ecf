package convor.relay.operate;

import convor.relay.store.Backlog;
import convor.relay.store.Backlogs;
import convor.relay.store.ByHand;
import convor.relay.store.ByHand.Choice;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.Ledger;
import convor.relay.store.Ledger.Delivery;
import convor.relay.store.Ledger.DeliveryFilter;
import convor.relay.store.Ledger.EventFilter;
import convor.relay.store.Ledger.Place;
import convor.relay.store.Ledger.State;
import convor.relay.store.Ledger.StoredEvent;
import convor.relay.store.Pair;
import convor.relay.store.PairStatus;
import convor.relay.store.Subscribed;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/v1}: what each address answers and does. Lists are newest first; {@code next} is the
 * {@code after} of the next page, null on the last.
 */
public final class AdminApi {
  private static final String STATES =
      Arrays.stream(State.values()).map(State::toString).collect(Collectors.joining(", "));
  private static final int MAX_CONNECTORS = 1_000;

  /**
   * The stored side of it.
   *
   * @param events told of what is to do after an action
   */
  public record Store(Ledger ledger, Backlogs backlogs, ByHand byHand, GroupCommit events) {}

  /** A connector for one organization. */
  public record ConnectorRow(
      String connector,
      String org,
      boolean subscribed,
      String state,
      @Nullable String reason,
      @Nullable Instant until,
      int failures,
      long pending,
      long waiting,
      long running,
      long held,
      long dead,
      @Nullable Instant oldest) {}

  private final Store store;
  private final Supplier<List<Subscribed>> subscriptions;
  private final InstantSource clock;

  public AdminApi(Store store, Supplier<List<Subscribed>> subscriptions, InstantSource clock) {
    this.store = store;
    this.subscriptions = subscriptions;
    this.clock = clock;
  }

  Object events(Query query) {
    query.only("org", "source", "type", "key", "limit", "after");
    EventFilter filter =
        new EventFilter(
            query.text("org"), query.text("source"), query.text("type"), query.text("key"));
    List<StoredEvent> events = store.ledger.events(filter, before(query), query.limit() + 1);
    return page("events", events, query.limit(), event -> String.valueOf(event.id()));
  }

  Object event(String number) {
    long id = Query.number("the event's id", number);
    Event event =
        store.ledger.event(id).orElseThrow(() -> new AdminError(404, "there is no event " + id));
    Map<String, @Nullable Object> answer = new LinkedHashMap<>();
    answer.put("id", id);
    answer.put("org", event.org());
    answer.put("source", event.source());
    answer.put("key", event.key());
    answer.put("type", event.type());
    answer.put("subject", event.subject());
    answer.put("version", event.version());
    answer.put("receivedAt", event.receivedAt());
    answer.put("headers", event.headers());
    String text = text(event.body());
    answer.put(
        text == null ? "bodyBase64" : "body",
        text == null ? Base64.getEncoder().encodeToString(event.body()) : text);
    answer.put("deliveries", ofEvent(null, null, id));
    return answer;
  }

  Object deliveries(Query query) {
    query.only("connector", "org", "state", "event", "limit", "after");
    DeliveryFilter filter =
        new DeliveryFilter(
            query.text("connector"), query.text("org"), state(query), query.number("event"));
    List<Delivery> deliveries =
        store.ledger.deliveries(filter, place(query), query.limit() + 1, subscriptions.get());
    return page(
        "deliveries", deliveries, query.limit(), last -> last.event() + "." + last.connector());
  }

  Object rejected(Query query) {
    query.only("org", "limit", "after");
    List<Ledger.Rejected> rejected =
        store.ledger.rejected(query.text("org"), before(query), query.limit() + 1);
    Map<String, @Nullable Object> page =
        page("rejected", rejected, query.limit(), last -> String.valueOf(last.id()));
    page.put(
        "rejected",
        rejected.stream().limit(query.limit()).map(Ledger.Rejected::rejection).toList());
    return page;
  }

  Object connectors(Query query) {
    query.only("connector", "org");
    return Map.of("connectors", rows(query.text("connector"), query.text("org")));
  }

  Object retry(Query query) {
    query.only("event", "connector", "org");
    Long event = query.number("event");
    if (event == null && query.text("connector") == null && query.text("org") == null) {
      throw new AdminError(400, "say which: event, connector, org, or several of them");
    }
    int count = store.byHand.retry(choice(query, event), clock.instant());
    return acted("retried", count, query, event, "dead or waiting");
  }

  Object replay(Query query) {
    query.only("event", "from", "to", "connector", "org");
    Long event = query.number("event");
    Long from = query.number("from");
    Long to = query.number("to");
    boolean anyRange = from != null || to != null;
    Choice choice;
    if (event != null && !anyRange) {
      choice = choice(query, event);
    } else if (event == null && from != null && to != null && query.text("connector") != null) {
      choice = new Choice(query.text("connector"), query.text("org"), from, to);
    } else {
      throw new AdminError(
          400, "say which: event, with or without connector; or connector, from and to");
    }
    int count = store.byHand.replay(choice, clock.instant());
    return acted("replayed", count, query, event, "done or dead");
  }

  Object pause(String connector, String org, Query query) {
    String reason = query.only("reason").text("reason");
    Pair pair = new Pair(connector, org);
    if (!store.byHand.pause(pair, reason == null ? "" : Query.oneLine(reason))) {
      throw unknown(pair);
    }
    return changed(pair);
  }

  Object resume(String connector, String org, Query query) {
    query.only();
    Pair pair = new Pair(connector, org);
    if (!store.byHand.resume(pair, clock.instant())) {
      throw unknown(pair);
    }
    return changed(pair);
  }

  private Object changed(Pair pair) {
    store.events.changed(Set.of(pair.org()));
    return rows(pair.connector(), pair.org()).get(0);
  }

  private AdminError unknown(Pair pair) {
    String known =
        rows(null, null).stream()
            .filter(ConnectorRow::subscribed)
            .map(row -> row.connector() + "/" + row.org())
            .collect(Collectors.joining(", "));
    return new AdminError(404, "there is no " + pair + "; there are: " + known);
  }

  private Object acted(String what, int count, Query query, @Nullable Long event, String right) {
    String connector = query.text("connector");
    if (count == 0 && event != null) {
      List<Delivery> found = ofEvent(connector, query.text("org"), event);
      if (found.isEmpty()) {
        throw new AdminError(404, "there is no such delivery of event " + event);
      }
      String states =
          found.stream()
              .map(one -> one.connector() + " " + one.state())
              .collect(Collectors.joining(", "));
      throw new AdminError(409, "event %d is %s; %s can be".formatted(event, states, right));
    }
    store.events.changed(
        subscriptions.get().stream().map(one -> one.pair().org()).collect(Collectors.toSet()));
    return Map.of(what, count);
  }

  private List<Delivery> ofEvent(@Nullable String connector, @Nullable String org, long event) {
    DeliveryFilter filter = new DeliveryFilter(connector, org, null, event);
    return store.ledger.deliveries(filter, Place.FIRST, MAX_CONNECTORS, subscriptions.get());
  }

  private List<ConnectorRow> rows(@Nullable String connector, @Nullable String org) {
    List<Subscribed> subscribed = subscriptions.get();
    Map<Pair, @Nullable String> missing = new LinkedHashMap<>();
    subscribed.forEach(one -> missing.put(one.pair(), one.missing()));
    List<ConnectorRow> rows = new ArrayList<>();
    for (Backlog backlog : store.backlogs.all(subscribed)) {
      Pair pair = backlog.pair();
      String why =
          missing.containsKey(pair)
              ? missing.remove(pair)
              : "no route of this node listens to inbox:" + pair.connector() + " for it";
      rows.add(row(backlog, why));
    }
    missing.forEach((pair, why) -> rows.add(never(pair, why)));
    return rows.stream()
        .filter(row -> connector == null || connector.equals(row.connector()))
        .filter(row -> org == null || org.equals(row.org()))
        .sorted(Comparator.comparing(ConnectorRow::connector).thenComparing(ConnectorRow::org))
        .toList();
  }

  private static ConnectorRow row(Backlog backlog, @Nullable String missing) {
    PairStatus status = backlog.status();
    return new ConnectorRow(
        backlog.pair().connector(),
        backlog.pair().org(),
        missing == null,
        missing == null ? status.state().name().toLowerCase(Locale.ROOT) : "not subscribed",
        missing == null ? status.reason() : missing,
        status.waitUntil(),
        status.failures(),
        backlog.pending(),
        backlog.waiting(),
        backlog.running(),
        backlog.held(),
        backlog.dead(),
        backlog.oldest());
  }

  private static ConnectorRow never(Pair pair, @Nullable String why) {
    String state = why == null ? "starting" : "not subscribed";
    return new ConnectorRow(
        pair.connector(), pair.org(), why == null, state, why, null, 0, 0, 0, 0, 0, 0, null);
  }

  private static Choice choice(Query query, @Nullable Long event) {
    return new Choice(
        query.text("connector"),
        query.text("org"),
        event == null ? 0 : event,
        event == null ? Long.MAX_VALUE : event);
  }

  private static @Nullable State state(Query query) {
    String state = query.text("state");
    if (state == null) {
      return null;
    }
    return Arrays.stream(State.values())
        .filter(one -> one.toString().equals(state))
        .findFirst()
        .orElseThrow(() -> new AdminError(400, "state: must be one of " + STATES));
  }

  private static long before(Query query) {
    Long after = query.number("after");
    return after == null ? Long.MAX_VALUE : after;
  }

  /** {@code <event>.<connector>} */
  private static Place place(Query query) {
    String after = query.text("after");
    if (after == null) {
      return Place.FIRST;
    }
    int dot = after.indexOf('.');
    if (dot < 0) {
      throw new AdminError(400, "after: must be the `next` of the page before");
    }
    return new Place(Query.number("after", after.substring(0, dot)), after.substring(dot + 1));
  }

  /** One more than the limit was asked for: it tells whether there is a next page. */
  private static <T> Map<String, @Nullable Object> page(
      String name, List<T> found, int limit, Function<T, String> place) {
    Map<String, @Nullable Object> page = new LinkedHashMap<>();
    page.put(name, found.stream().limit(limit).toList());
    page.put(
        "next",
        found.size() > limit ? place.apply(Objects.requireNonNull(found.get(limit - 1))) : null);
    return page;
  }

  private static @Nullable String text(byte[] body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
