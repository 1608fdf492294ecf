package convor.relay.receive;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;

/**
 * The options of the HTTP server that takes webhooks in: Camel creates it and offers no place for
 * them, so they are set on the way.
 */
public final class WebhookServer {
  private static final int IDLE_SECONDS = 60;

  private WebhookServer() {}

  /** A Vert.x whose HTTP servers have these options. */
  public static Vertx vertx(WebhookLimits limits) {
    Vertx vertx = Vertx.vertx(new VertxOptions().setWorkerPoolSize(limits.workers()));
    return (Vertx)
        Proxy.newProxyInstance(
            Vertx.class.getClassLoader(),
            new Class<?>[] {Vertx.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("createHttpServer") && arguments != null) {
                return vertx.createHttpServer(options((HttpServerOptions) arguments[0]));
              }
              try {
                return method.invoke(vertx, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
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
