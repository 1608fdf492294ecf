package convor.relay.operate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import convor.relay.store.Ledger;
import convor.relay.store.StoreUnavailable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.net.BindException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admin port: {@code /api/v1/…}, {@code /metrics}, {@code /health}. It has threads of its own:
 * a flood of webhooks does not keep the operator out.
 */
public final class AdminServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(AdminServer.class);
  private static final int WORKERS = 4;
  private static final int MAX_BODY = 64 * 1024;
  private static final String ADDRESSES =
      "there is nothing here; there are GET /api/v1/events, /api/v1/events/{id}, /api/v1/deliveries, /api/v1/connectors,"
          + " /api/v1/rejected, /metrics, /health; POST /api/v1/deliveries/retry, /api/v1/deliveries/replay,"
          + " /api/v1/connectors/{connector}/{org}/pause and …/resume; GET /api/v1/cursors, POST /api/v1/cursors/{poll}/{org}/reset,"
          + " …/pause, …/resume and …/run";

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .registerModule(
              new SimpleModule()
                  .addSerializer(Instant.class, ToStringSerializer.instance)
                  .addSerializer(Ledger.State.class, ToStringSerializer.instance));

  /** More pages behind the same guard, such as the sandbox's. */
  @FunctionalInterface
  public interface Pages {
    Pages NONE = (router, guard) -> {};

    void mount(Router router, Guard guard);
  }

  private final AdminSettings settings;
  private final AdminApi api;
  private final CursorsApi cursors;
  private final Guard guard;
  private final WorkerExecutor workers;
  private final HttpServer server;

  /** What {@code /api/v1} is made of. */
  public record Apis(AdminApi deliveries, CursorsApi cursors) {}

  /**
   * A server that does not listen yet.
   *
   * @param metrics the text for Prometheus
   */
  public AdminServer(
      Vertx vertx, AdminSettings settings, Apis apis, Health health, Metrics metrics, Pages pages) {
    this.settings = settings;
    this.api = apis.deliveries;
    this.cursors = apis.cursors;
    this.guard = new Guard(settings.token());
    this.workers = vertx.createSharedWorkerExecutor("admin", WORKERS);
    this.server =
        vertx
            .createHttpServer(
                new HttpServerOptions().setHost(settings.host()).setPort(settings.port()))
            .requestHandler(router(vertx, health, metrics, pages));
  }

  private Router router(Vertx vertx, Health health, Metrics metrics, Pages pages) {
    Router router = Router.router(vertx);
    router
        .route()
        .handler(
            ctx -> {
              ctx.response()
                  .putHeader("Cache-Control", "no-store")
                  .putHeader("X-Content-Type-Options", "nosniff");
              ctx.next();
            });
    router
        .get("/health")
        .handler(
            ctx -> {
              boolean trusted = guard.refusal(ctx.request()) == null;
              work(
                  ctx,
                  () -> {
                    Health.Report report = health.look();
                    return new Answer(report.status(), report.answer(trusted));
                  });
            });
    pages.mount(router, guard);

    router.route().handler(guard);
    router.get("/metrics").handler(ctx -> work(ctx, () -> new Answer(200, metrics.text())));
    get(router, "events", api::events);
    router
        .get("/api/v1/events/:id")
        .handler(ctx -> work(ctx, () -> new Answer(200, api.event(ctx.pathParam("id")))));
    get(router, "deliveries", api::deliveries);
    get(router, "connectors", api::connectors);
    get(router, "rejected", api::rejected);
    post(router, "deliveries/retry", (ctx, body) -> api.retry(body));
    post(router, "deliveries/replay", (ctx, body) -> api.replay(body));
    post(
        router,
        "connectors/:connector/:org/pause",
        (ctx, body) -> api.pause(ctx.pathParam("connector"), ctx.pathParam("org"), body));
    post(
        router,
        "connectors/:connector/:org/resume",
        (ctx, body) -> api.resume(ctx.pathParam("connector"), ctx.pathParam("org"), body));
    get(router, "cursors", cursors::list);
    ofPoll(router, "reset", cursors::reset);
    ofPoll(router, "pause", cursors::pause);
    ofPoll(router, "resume", cursors::resume);
    ofPoll(router, "run", cursors::run);
    router.errorHandler(404, ctx -> answer(ctx, AdminError.answer(404, ADDRESSES)));
    router.errorHandler(405, ctx -> answer(ctx, AdminError.answer(405, ADDRESSES)));
    router.errorHandler(
        413, ctx -> answer(ctx, AdminError.answer(413, "the body is over " + MAX_BODY + " bytes")));
    router.errorHandler(500, ctx -> answer(ctx, failed(ctx.failure())));
    return router;
  }

  private void get(Router router, String path, Function<Query, Object> read) {
    router
        .get("/api/v1/" + path)
        .handler(ctx -> work(ctx, () -> new Answer(200, read.apply(Query.of(ctx.queryParams())))));
  }

  @FunctionalInterface
  private interface Action {
    Object apply(RoutingContext ctx, Query body);
  }

  @FunctionalInterface
  private interface PollAction {
    Object apply(String poll, String org, Query body);
  }

  private void ofPoll(Router router, String act, PollAction action) {
    post(
        router,
        "cursors/:poll/:org/" + act,
        (ctx, body) -> action.apply(ctx.pathParam("poll"), ctx.pathParam("org"), body));
  }

  private void post(Router router, String path, Action action) {
    router
        .post("/api/v1/" + path)
        .handler(BodyHandler.create(false).setBodyLimit(MAX_BODY))
        .handler(
            ctx ->
                work(
                    ctx,
                    () -> {
                      Buffer body = ctx.body().buffer();
                      byte[] bytes = body == null ? new byte[0] : body.getBytes();
                      return new Answer(200, action.apply(ctx, Query.ofJson(JSON, bytes)));
                    }));
  }

  /**
   * What is answered.
   *
   * @param body a text as it is, anything else as JSON
   */
  record Answer(int status, Object body) {}

  @FunctionalInterface
  private interface Work {
    Answer get();
  }

  private void work(RoutingContext ctx, Work work) {
    workers
        .executeBlocking(work::get, false)
        .onComplete(done -> answer(ctx, done.succeeded() ? done.result() : failed(done.cause())));
  }

  private static Answer failed(@Nullable Throwable failure) {
    if (failure instanceof AdminError error) {
      return AdminError.answer(error.status(), String.valueOf(error.getMessage()));
    }
    if (failure instanceof StoreUnavailable) {
      return AdminError.answer(503, String.valueOf(failure.getMessage()));
    }
    log.error("the admin port could not answer", failure);
    return AdminError.answer(500, "this is a fault of the relay's; its log says more");
  }

  static void answer(RoutingContext ctx, Answer answer) {
    boolean text = answer.body() instanceof String;
    ctx.response()
        .setStatusCode(answer.status())
        .putHeader(
            "Content-Type", text ? "text/plain; version=0.0.4; charset=utf-8" : "application/json")
        .end(text ? Buffer.buffer((String) answer.body()) : Buffer.buffer(json(answer.body())));
  }

  private static byte[] json(Object body) {
    try {
      return JSON.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of texts and numbers are always JSON", e);
    }
  }

  /**
   * Starts to listen.
   *
   * @throws IllegalStateException if the port cannot be had, with a message for the operator
   */
  public void start() {
    try {
      server.listen().toCompletionStage().toCompletableFuture().join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      String why =
          cause instanceof BindException ? "is in use" : "cannot be had: " + String.valueOf(cause);
      throw new IllegalStateException(
          "relay.admin.port: %s:%d %s; choose another, or end what has it"
              .formatted(settings.host(), settings.port(), why),
          e);
    }
    log.info("admin port: http://{}:{}", settings.host(), port());
  }

  /** The port it listens on, also where the settings say any free one. */
  public int port() {
    return server.actualPort();
  }

  @Override
  public void close() {
    for (Future<Void> closing : List.of(server.close(), workers.close())) {
      closing.toCompletionStage().toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }
  }
}
