package convor.relay.receive;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.component.platform.http.spi.PlatformHttpConsumer;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpConsumer;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpEngine;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.apache.camel.spi.HeaderFilterStrategy;

/**
 * platform-http on Vert.x, but for webhooks without a thread that waits: a request's route runs on
 * the event loop up to {@code inbox:append}, and goes on when the commit is on disk. Camel's own
 * consumer holds a worker thread per request until then, and writes the answer through three more
 * hand-offs. A step that blocks has no place in such a route.
 */
public final class WebhookEngine extends VertxPlatformHttpEngine {
  public WebhookEngine(RawBody rawBody) {
    setHandlers(List.of(rawBody));
  }

  @Override
  public PlatformHttpConsumer createConsumer(PlatformHttpEndpoint endpoint, Processor processor) {
    String router = VertxPlatformHttpRouter.getRouterNameFromPort(getServerPort());
    return endpoint.getPath().startsWith(WebhookPath.PREFIX)
        ? new Consumer(endpoint, processor, getHandlers(), router)
        : new VertxPlatformHttpConsumer(endpoint, processor, getHandlers(), router);
  }

  private static final class Consumer extends VertxPlatformHttpConsumer {
    Consumer(
        PlatformHttpEndpoint endpoint,
        Processor processor,
        List<Handler<RoutingContext>> handlers,
        String router) {
      super(endpoint, processor, handlers, router);
    }

    @Override
    protected void handleRequest(RoutingContext ctx) {
      if (isSuspended()) {
        super.handleRequest(ctx); // says so
        return;
      }
      Context context = ctx.vertx().getOrCreateContext();
      Exchange exchange = createExchange(false);
      exchange.setPattern(ExchangePattern.InOut);
      processHttpRequest(exchange, ctx);
      try {
        createUoW(exchange);
      } catch (Exception e) {
        exchange.setException(e);
        answer(ctx, exchange);
        return;
      }
      getAsyncProcessor()
          .process(
              exchange,
              sync -> {
                if (sync) {
                  answer(ctx, exchange);
                } else {
                  context.runOnContext(on -> answer(ctx, exchange));
                }
              });
    }

    /** The relay reads the request itself: no header of it enters the exchange. */
    @Override
    protected Future<Void> populateCamelMessage(
        RoutingContext ctx, Exchange exchange, Message message) {
      message.setBody(RawBody.of(ctx));
      return Future.succeededFuture();
    }

    private void answer(RoutingContext ctx, Exchange exchange) {
      try {
        Exception failure = exchange.getException();
        if (failure != null) { // the route's own doCatch is gone
          getExceptionHandler().handleException("the route failed", exchange, failure);
          ctx.response().setStatusCode(500);
          ctx.end();
        } else if (!ctx.response().ended()) {
          write(ctx, exchange);
        }
      } finally {
        doneUoW(exchange);
        releaseExchange(exchange, false);
      }
    }

    private void write(RoutingContext ctx, Exchange exchange) {
      Message message = exchange.getMessage();
      HttpServerResponse response = ctx.response();
      HeaderFilterStrategy filter = getEndpoint().getHeaderFilterStrategy();
      response.setStatusCode(message.getHeader(Exchange.HTTP_RESPONSE_CODE, 200, Integer.class));
      for (Map.Entry<String, Object> header : message.getHeaders().entrySet()) {
        Object value = header.getValue();
        if (value != null && !filter.applyFilterToCamelHeaders(header.getKey(), value, exchange)) {
          response.putHeader(header.getKey(), value.toString());
        }
      }
      byte[] body = message.getBody(byte[].class);
      ctx.end(Buffer.buffer(body == null ? new byte[0] : body));
    }
  }
}
