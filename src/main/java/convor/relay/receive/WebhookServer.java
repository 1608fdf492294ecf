package convor.relay.receive;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * The HTTP server that takes webhooks in, as far as Camel, which creates it, has no place for it:
 * its options, and what it answers before there are routes, and after.
 */
public final class WebhookServer {
  private static final int IDLE_SECONDS = 60;

  private WebhookServer() {}

  /**
   * A Vert.x whose HTTP servers are of this kind.
   *
   * @param serves whether the routes are there; else 503 is the answer: a sender may take the 404
   *     of a server without routes for the last word
   */
  public static Vertx vertx(WebhookLimits limits, BooleanSupplier serves) {
    Vertx vertx = Vertx.vertx(new VertxOptions().setWorkerPoolSize(limits.workers()));
    String retryAfter = limits.retryAfterSeconds();
    return proxy(
        Vertx.class,
        vertx,
        "createHttpServer",
        given ->
            server(vertx.createHttpServer(options((HttpServerOptions) given)), serves, retryAfter));
  }

  private static HttpServer server(HttpServer server, BooleanSupplier serves, String retryAfter) {
    return proxy(
        HttpServer.class,
        server,
        "requestHandler",
        given -> {
          @SuppressWarnings("unchecked")
          Handler<HttpServerRequest> routes = (Handler<HttpServerRequest>) given;
          return server.requestHandler(
              request -> {
                if (serves.getAsBoolean()) {
                  routes.handle(request);
                } else {
                  RawBody.unavailable(request, retryAfter, "the relay is starting or stopping");
                }
              });
        });
  }

  /** {@code real}, but for one method with one argument. */
  private static <T> T proxy(
      Class<T> type, T real, String method, Function<Object, Object> instead) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, called, arguments) -> {
              if (called.getName().equals(method) && arguments != null) {
                return instead.apply(arguments[0]);
              }
              try {
                return called.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  /**
   * No HTTP/2 without TLS: platform-http pauses a request that is already read, which Vert.x's
   * HTTP/2 answers with 500, and some clients ask for the upgrade with every first request. And no
   * connection stays open for ever with nothing on it.
   */
  private static HttpServerOptions options(HttpServerOptions given) {
    return new HttpServerOptions(given)
        .setHttp2ClearTextEnabled(false)
        .setPerFrameWebSocketCompressionSupported(false) // nobody has a web socket here
        .setPerMessageWebSocketCompressionSupported(false)
        .setIdleTimeout(IDLE_SECONDS)
        .setIdleTimeoutUnit(TimeUnit.SECONDS);
  }
}
