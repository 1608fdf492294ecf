package convor.relay.testing;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;

/**
 * An API with one list per bearer key, in the order of time and id, that is read by cursor or by
 * time and may change while it is read. {@link #answers} misbehaves.
 */
public final class ListApi implements AutoCloseable {
  /** A record of the list; {@code /<id>} at {@code /updated_at}. */
  public record Row(String id, Instant at) implements Comparable<Row> {
    @Override
    public int compareTo(Row other) {
      return Comparator.comparing(Row::at).thenComparing(Row::id).compare(this, other);
    }

    private String json() {
      return "{\"id\":\"%s\",\"updated_at\":\"%s\",\"subject\":\"about %s\"}".formatted(id, at, id);
    }
  }

  /** What was asked. */
  public record Ask(String key, String path, Map<String, String> query) {}

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final HttpServer server;
  private final Map<String, TreeSet<Row>> lists = new HashMap<>();
  private final Map<String, Row> latest = new HashMap<>();
  private final List<Ask> asked = new CopyOnWriteArrayList<>();
  private volatile BiPredicate<Ask, HttpServerResponse> script = (ask, response) -> false;
  private volatile int most = Integer.MAX_VALUE;

  public ListApi() {
    server =
        vertx
            .createHttpServer()
            .requestHandler(this::handle)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
  }

  public String url() {
    return "http://127.0.0.1:" + server.actualPort();
  }

  /** Adds a record, or changes the time of the one with this id. */
  public synchronized void put(String key, String id, Instant at) {
    TreeSet<Row> list = lists.computeIfAbsent(key, any -> new TreeSet<>());
    Row before = latest.put(key + " " + id, new Row(id, at));
    if (before != null) {
      list.remove(before);
    }
    list.add(new Row(id, at));
  }

  public synchronized List<Row> rows(String key) {
    return List.copyOf(lists.getOrDefault(key, new TreeSet<>()));
  }

  /** No page has more than this. */
  public void most(int records) {
    most = records;
  }

  /** Runs before each answer; returns true if it has answered, or never will. */
  public void answers(BiPredicate<Ask, HttpServerResponse> next) {
    script = next;
  }

  /** Behaves again. */
  public void behaves() {
    script = (ask, response) -> false;
  }

  public List<Ask> asked() {
    return List.copyOf(asked);
  }

  private void handle(HttpServerRequest request) {
    Ask ask =
        new Ask(
            String.valueOf(request.getHeader("Authorization")).replaceFirst("^Bearer ", ""),
            request.path(),
            request.params().entries().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    asked.add(ask);
    if (!script.test(ask, request.response())) {
      json(request.response(), 200, page(ask));
    }
  }

  public static void json(HttpServerResponse response, int status, String body) {
    response.setStatusCode(status).putHeader("Content-Type", "application/json").end(body);
  }

  private synchronized String page(Ask ask) {
    boolean byCursor = ask.path().endsWith("/conversations");
    int limit = Math.min(most, Integer.parseInt(ask.query().get("limit")));
    String cursor = ask.query().get("cursor");
    Row after =
        cursor != null
            ? row(cursor)
            : new Row(
                "",
                Instant.parse(ask.query().getOrDefault("updated_since", Instant.EPOCH.toString())));
    List<Row> rest =
        lists.getOrDefault(ask.key(), new TreeSet<>()).tailSet(after, false).stream()
            .limit(limit + 1L)
            .toList();
    List<Row> page = rest.subList(0, Math.min(limit, rest.size()));
    boolean more = rest.size() > limit;
    String next =
        byCursor && !page.isEmpty() ? "\"" + cursor(page.get(page.size() - 1)) + "\"" : "null";
    return "{\"data\":[%s],\"next_cursor\":%s,\"has_more\":%s}"
        .formatted(page.stream().map(Row::json).collect(Collectors.joining(",")), next, more);
  }

  public static String cursor(Row row) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((row.at() + " " + row.id()).getBytes(StandardCharsets.UTF_8));
  }

  private static Row row(String cursor) {
    String[] parts =
        new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8).split(" ", 2);
    return new Row(parts[1], Instant.parse(parts[0]));
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
