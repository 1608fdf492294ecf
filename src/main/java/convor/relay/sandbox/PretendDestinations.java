package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import convor.relay.sandbox.PretendApi.Ask;
import convor.relay.sandbox.PretendApi.Reply;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * HubSpot, Zendesk, Jira and Slack on one port of 127.0.0.1, and Convor's API as the source, each
 * below its {@link Destination} prefix, with faults that can be set here or by {@code POST
 * /control/<destination>} ({@link Fault#fromJson}). {@code GET /control} tells all that happened,
 * {@code DELETE /control} forgets it. Any well-formed credentials are accepted, and each has its
 * own data; Convor's API knows the keys that it was told ({@link #serve}).
 */
public final class PretendDestinations implements AutoCloseable {
  private static final int MAX_BODY = 2 * 1024 * 1024;
  private static final int MAX_BODY_KEPT = 16 * 1024;
  private static final String PAGE = "<!doctype html><title>Please sign in</title>";
  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);
  private static final List<String> KEPT_HEADERS =
      List.of("content-type", "user-agent", "idempotency-key");

  /** One destination: what it is, what happened, and what is wrong with it. */
  private static final class Stand {
    final PretendApi api;
    final Ledger ledger = new Ledger();
    Fault fault;
    private int matched;
    private int hit;

    Stand(PretendApi api, Fault fault) {
      this.api = api;
      this.fault = fault;
    }

    void set(Fault next) {
      fault = next;
      matched = 0;
      hit = 0;
    }

    Fault next(String path) {
      if (fault.mode() == Fault.Mode.OK || (fault.path() != null && !fault.path().equals(path))) {
        return Fault.NONE;
      }
      if (++matched % fault.everyNth() != 0 || (fault.times() > 0 && hit >= fault.times())) {
        return Fault.NONE;
      }
      hit++;
      return fault;
    }
  }

  private final Vertx vertx;
  private final HttpServer server;
  private final InstantSource clock;
  private final Map<Destination, Stand> stands = new EnumMap<>(Destination.class);
  private final List<String> knowing = new ArrayList<>();
  private final PretendConvorApi convor = new PretendConvorApi();

  private PretendDestinations(int port, InstantSource clock) {
    this.clock = clock;
    for (Destination destination : Destination.values()) {
      stands.put(destination, new Stand(api(destination), Fault.NONE));
    }
    vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(1));
    try {
      server =
          vertx
              .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(port))
              .requestHandler(router())
              .listen()
              .toCompletionStage()
              .toCompletableFuture()
              .join();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Starts on a port of 127.0.0.1; 0 takes a free one. */
  public static PretendDestinations start(int port) {
    return start(port, InstantSource.system());
  }

  /**
   * As {@link #start(int)}, with a clock of the caller: Zendesk forgets idempotency keys after two
   * hours.
   */
  public static PretendDestinations start(int port, InstantSource clock) {
    return new PretendDestinations(port, clock);
  }

  public int port() {
    return server.actualPort();
  }

  /** The base URL to configure, such as {@code http://127.0.0.1:4711/hubspot}. */
  public String url(Destination destination) {
    return "http://127.0.0.1:" + port() + '/' + destination.wireName();
  }

  /**
   * Replaces the destination's fault; counting for {@code everyNth} and {@code times} starts anew.
   * {@link Fault.Mode#EXPIRE_CURSORS} happens at once and leaves the fault as it is.
   *
   * @throws IllegalArgumentException if the destination has no cursors to expire
   */
  public synchronized void fault(Destination destination, Fault fault) {
    if (fault.mode() == Fault.Mode.EXPIRE_CURSORS) {
      stand(destination).api.expireCursors();
    } else {
      stand(destination).set(fault);
    }
  }

  /** Lets Convor's API show an account to those who have this key. */
  public synchronized void serve(String apiKey, ConvorAccount account) {
    convor.serve(apiKey, account);
  }

  /** The latest 1,000 calls, oldest first. */
  public synchronized List<Call> calls(Destination destination) {
    return stand(destination).ledger.calls();
  }

  /** The latest 100,000 effects, oldest first. */
  public synchronized List<Effect> effects(Destination destination) {
    return stand(destination).ledger.effects();
  }

  public synchronized Counts counts(Destination destination) {
    return stand(destination).ledger.counts();
  }

  /** Makes all the visitors of {@link ConvorEvents} contacts of the portal with that token. */
  public synchronized void makeVisitorsContacts(String hubSpotToken) {
    knowing.add(hubSpotToken);
    addVisitors(hubSpotToken);
  }

  private void addVisitors(String hubSpotToken) {
    PretendHubSpot hubSpot = (PretendHubSpot) stand(Destination.HUBSPOT).api;
    ConvorEvents.emails()
        .forEach(email -> hubSpot.addContact(hubSpotToken, email, clock.instant()));
  }

  /**
   * Forgets all data, calls and counts; faults stay, contacts made of visitors, and what Convor's
   * API shows.
   */
  public synchronized void reset() {
    stands.replaceAll((destination, stand) -> new Stand(api(destination), stand.fault));
    knowing.forEach(this::addVisitors);
  }

  /**
   * Each destination's fault and counts, and with {@code full} its latest calls and effects, by
   * wire name.
   */
  public synchronized ObjectNode state(boolean full) {
    ObjectNode state = Json.object();
    stands.forEach(
        (destination, stand) -> {
          ObjectNode one =
              full ? stand.ledger.toJson() : Json.object("counts", stand.ledger.counts());
          state.set(destination.wireName(), one.set("fault", Json.tree(stand.fault)));
        });
    return state;
  }

  /** Closes the port and every connection that hangs. */
  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private PretendApi api(Destination destination) {
    return switch (destination) {
      case HUBSPOT -> new PretendHubSpot();
      case ZENDESK -> new PretendZendesk();
      case JIRA -> new PretendJira();
      case SLACK -> new PretendSlack();
      case CONVOR -> convor;
    };
  }

  private Stand stand(Destination destination) {
    return Objects.requireNonNull(stands.get(destination));
  }

  private Router router() {
    Router router = Router.router(vertx);
    router.route().handler(BodyHandler.create(false).setBodyLimit(MAX_BODY));
    router.get("/control").handler(ctx -> json(ctx.response(), 200, state(true)));
    router
        .delete("/control")
        .handler(
            ctx -> {
              reset();
              json(ctx.response(), 200, state(true));
            });
    // Only JSON is consumed: a web page of another origin cannot send that without asking first.
    router.post("/control/:destination").consumes("application/json").handler(this::control);
    for (Destination destination : Destination.values()) {
      router.route('/' + destination.wireName() + "/*").handler(ctx -> serve(destination, ctx));
    }
    return router;
  }

  private void control(RoutingContext ctx) {
    try {
      Destination destination = Destination.named(ctx.pathParam("destination")).orElseThrow();
      fault(destination, Fault.fromJson(Json.read(ctx.body().buffer().getBytes())));
      json(ctx.response(), 200, (ObjectNode) state(false).path(destination.wireName()));
    } catch (NoSuchElementException unknown) {
      json(ctx.response(), 404, Json.object("error", "no such destination"));
    } catch (IllegalArgumentException wrong) {
      json(ctx.response(), 400, Json.object("error", wrong.getMessage()));
    }
  }

  private void serve(Destination destination, RoutingContext ctx) {
    Instant now = clock.instant();
    String path = ctx.request().path().substring(destination.wireName().length() + 1);
    Buffer bytes = ctx.body().buffer();
    JsonNode body = Json.read(bytes == null ? new byte[0] : bytes.getBytes());
    Fault fault;
    Reply reply;
    synchronized (this) {
      Stand stand = stand(destination);
      fault = stand.next(path);
      Ask ask = new Ask(ctx.request(), path, body, fault.mode() == Fault.Mode.PARTIAL, now);
      reply = reply(stand.api, ask, fault);
      boolean kept = bytes == null || bytes.length() <= MAX_BODY_KEPT;
      Call call = call(stand.api.caller(ask), ask, reply, fault, kept);
      stand.ledger.add(call, reply.effects(), reply.prevented());
    }
    send(ctx.request(), reply.header("Date", httpDate(now)), fault.mode());
  }

  private static Reply reply(PretendApi api, Ask ask, Fault fault) {
    return switch (fault.mode()) {
      case OK, PARTIAL, LOSE_ANSWER, HALF_ANSWER, DRIBBLE, EXPIRE_CURSORS -> api.answer(ask);
      case FAIL -> api.error(fault.status()).saying(fault.body());
      case REFUSE -> api.error(401).saying(fault.body());
      case NOT_FOUND -> api.error(404).saying(fault.body());
      case BAD_REQUEST -> api.error(400).saying(fault.body());
      case NOT_OK -> PretendSlack.notOk(fault.error()).saying(fault.body());
      case NOT_JSON -> Reply.text(200, PAGE).saying(fault.body());
      case LIMIT -> limited(api, String.valueOf(fault.retryAfter()), fault);
      case LIMIT_DATE -> limited(api, httpDate(ask.now().plusSeconds(fault.retryAfter())), fault);
      case HANG -> Reply.text(0, "");
    };
  }

  private static Reply limited(PretendApi api, String retryAfter, Fault fault) {
    Reply reply = api.error(429).saying(fault.body());
    return fault.retryAfter() == 0 ? reply : reply.header("Retry-After", retryAfter);
  }

  private static String httpDate(Instant at) {
    return HTTP_DATE.format(at);
  }

  private static Call call(String caller, Ask ask, Reply reply, Fault fault, boolean bodyKept) {
    Map<String, String> headers = new TreeMap<>();
    for (String name : KEPT_HEADERS) {
      @Nullable String value = ask.request().getHeader(name);
      if (value != null) {
        headers.put(name, value);
      }
    }
    String query = ask.request().query();
    return new Call(
        ask.now(),
        caller,
        ask.request().method().name(),
        query == null ? ask.path() : ask.path() + '?' + query,
        headers,
        ask.key(),
        bodyKept ? ask.body() : Json.tree("too long to keep"),
        fault.mode() == Fault.Mode.LOSE_ANSWER ? 0 : reply.status(),
        fault.mode() == Fault.Mode.OK ? null : fault.mode().toString());
  }

  private void send(HttpServerRequest request, Reply reply, Fault.Mode mode) {
    HttpServerResponse response = request.response();
    if (mode == Fault.Mode.HANG) {
      return;
    } else if (mode == Fault.Mode.LOSE_ANSWER) {
      request.connection().close();
      return;
    }
    boolean text = reply.body().isTextual();
    byte[] bytes =
        text ? Buffer.buffer(reply.body().asText()).getBytes() : Json.bytes(reply.body());
    response
        .setStatusCode(reply.status())
        .putHeader("Content-Type", text ? "text/html" : "application/json");
    response.putHeader("Content-Length", String.valueOf(bytes.length));
    reply.headers().forEach(response::putHeader);
    switch (mode) {
      case HALF_ANSWER ->
          response
              .write(Buffer.buffer().appendBytes(bytes, 0, bytes.length / 2))
              .onComplete(written -> request.connection().close());
      case DRIBBLE -> dribble(response, bytes);
      default -> response.end(Buffer.buffer(bytes));
    }
  }

  private void dribble(HttpServerResponse response, byte[] bytes) {
    int[] next = {0};
    long timer =
        vertx.setPeriodic(
            1,
            1_000,
            id -> {
              response.write(Buffer.buffer().appendByte(bytes[next[0]++]));
              if (next[0] == bytes.length) {
                vertx.cancelTimer(id);
                response.end();
              }
            });
    response.closeHandler(closed -> vertx.cancelTimer(timer));
  }

  private static void json(HttpServerResponse response, int status, ObjectNode body) {
    response
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .end(Buffer.buffer(Json.bytes(body)));
  }
}
