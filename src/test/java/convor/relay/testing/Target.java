package convor.relay.testing;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/**
 * A destination: takes what {@link #route} sends and answers as the test says. It answers 200 until
 * it is told otherwise.
 */
public final class Target implements AutoCloseable {
  /**
   * A call of the route.
   *
   * @param event the event's key
   * @param key the idempotency key
   * @param attempt as the route saw it
   * @param unknown whether the route was told that an earlier attempt may have arrived
   */
  public record Call(
      String path,
      String org,
      String event,
      String key,
      int attempt,
      boolean unknown,
      String body) {
    static Call of(HttpServerRequest request, Buffer body) {
      return new Call(
          request.path(),
          request.getHeader("X-Org"),
          request.getHeader("X-Event"),
          request.getHeader("X-Key"),
          Integer.parseInt(request.getHeader("X-Attempt")),
          Boolean.parseBoolean(request.getHeader("X-Unknown")),
          body.toString());
    }
  }

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final HttpServer server;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private volatile BiConsumer<Call, HttpServerResponse> script = status(200);

  public Target() {
    server =
        vertx
            .createHttpServer()
            .requestHandler(
                request ->
                    request
                        .body()
                        .onSuccess(
                            body -> {
                              Call call = Call.of(request, body);
                              calls.add(call);
                              script.accept(call, request.response());
                            }))
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
  }

  public Target answers(BiConsumer<Call, HttpServerResponse> next) {
    script = next;
    return this;
  }

  public static BiConsumer<Call, HttpServerResponse> status(int status, String... headers) {
    return (call, response) -> {
      for (int i = 0; i < headers.length; i += 2) {
        response.putHeader(headers[i], headers[i + 1]);
      }
      response.setStatusCode(status).end("answer " + status);
    };
  }

  /** Answers after a while; the connection stays open meanwhile. */
  public BiConsumer<Call, HttpServerResponse> after(
      int ms, BiConsumer<Call, HttpServerResponse> answer) {
    return (call, response) -> vertx.setTimer(ms, id -> answer.accept(call, response));
  }

  /** Takes the call and never answers. */
  public static BiConsumer<Call, HttpServerResponse> hangs() {
    return (call, response) -> {};
  }

  /** Takes the call and closes the connection. */
  public static BiConsumer<Call, HttpServerResponse> closes() {
    return (call, response) -> response.reset();
  }

  /** Promises an answer of 100 bytes, sends half of it and closes. */
  public static BiConsumer<Call, HttpServerResponse> answersHalf() {
    return (call, response) ->
        response
            .putHeader("Content-Length", "100")
            .write("x".repeat(50))
            .onComplete(written -> response.reset());
  }

  /** One answer for the first call of each event, another from the second on. */
  public static BiConsumer<Call, HttpServerResponse> first(
      BiConsumer<Call, HttpServerResponse> first, BiConsumer<Call, HttpServerResponse> then) {
    return (call, response) -> (call.attempt() == 1 ? first : then).accept(call, response);
  }

  public List<Call> calls() {
    return List.copyOf(calls);
  }

  public List<Call> calls(String event) {
    return calls.stream().filter(call -> call.event().equals(event)).toList();
  }

  public String url(String path) {
    return "http://127.0.0.1:" + server.actualPort() + path;
  }

  /** A connector that posts each event here, with {@code parameters} in YAML's flow form. */
  public String route(String name, String parameters) {
    return """
        - route:
            id: %1$s
            from:
              uri: inbox:%1$s
              parameters: {%2$s}
              steps:
                - setHeader: {name: X-Org, simple: "${header.RelayOrg}"}
                - setHeader: {name: X-Event, simple: "${header.RelayKey}"}
                - setHeader: {name: X-Key, simple: "${header.RelayIdempotencyKey}"}
                - setHeader: {name: X-Attempt, simple: "${header.RelayAttempt}"}
                - setHeader: {name: X-Unknown, simple: "${header.RelayOutcomeUnknown}"}
                - setHeader: {name: CamelHttpMethod, constant: POST}
                - marshal: {json: {}}
                - to: %3$s?skipControlHeaders=false
        """
        .formatted(name, parameters, url("/" + name));
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
