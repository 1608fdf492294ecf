package convor.relay.receive;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.component.platform.http.spi.PlatformHttpConsumer;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpConsumer;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpEngine;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.apache.camel.model.CatchDefinition;
import org.apache.camel.model.ChoiceDefinition;
import org.apache.camel.model.FilterDefinition;
import org.apache.camel.model.FinallyDefinition;
import org.apache.camel.model.IdempotentConsumerDefinition;
import org.apache.camel.model.LogDefinition;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.OtherwiseDefinition;
import org.apache.camel.model.ProcessDefinition;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.RemoveHeaderDefinition;
import org.apache.camel.model.RemoveHeadersDefinition;
import org.apache.camel.model.SetBodyDefinition;
import org.apache.camel.model.SetHeaderDefinition;
import org.apache.camel.model.SetPropertyDefinition;
import org.apache.camel.model.SetVariableDefinition;
import org.apache.camel.model.StopDefinition;
import org.apache.camel.model.ThreadsDefinition;
import org.apache.camel.model.ToDefinition;
import org.apache.camel.model.TryDefinition;
import org.apache.camel.model.WhenDefinition;
import org.apache.camel.spi.HeaderFilterStrategy;
import org.jspecify.annotations.Nullable;

/**
 * platform-http on Vert.x, but for webhooks without a thread that waits: a request's route runs on
 * the event loop up to {@code inbox:append}, and goes on when the commit is on disk. Camel's own
 * consumer holds a worker thread per request until then, and writes the answer through three more
 * hand-offs. A route with a step that may wait for something else runs on a worker thread.
 */
public final class WebhookEngine extends VertxPlatformHttpEngine {
  @Override
  public PlatformHttpConsumer createConsumer(PlatformHttpEndpoint endpoint, Processor processor) {
    String router = VertxPlatformHttpRouter.getRouterNameFromPort(getServerPort());
    return endpoint.getPath().startsWith(WebhookPath.PREFIX)
        ? new Consumer(endpoint, processor, getHandlers(), router)
        : new VertxPlatformHttpConsumer(endpoint, processor, getHandlers(), router);
  }

  private static final class Consumer extends VertxPlatformHttpConsumer {
    /** Steps that wait for nothing. */
    private static final Set<Class<?>> PROMPT =
        Set.of(
            CatchDefinition.class,
            ChoiceDefinition.class,
            FilterDefinition.class,
            FinallyDefinition.class,
            IdempotentConsumerDefinition.class,
            LogDefinition.class,
            OtherwiseDefinition.class,
            ProcessDefinition.class,
            RemoveHeaderDefinition.class,
            RemoveHeadersDefinition.class,
            SetBodyDefinition.class,
            SetHeaderDefinition.class,
            SetPropertyDefinition.class,
            SetVariableDefinition.class,
            StopDefinition.class,
            TryDefinition.class,
            WhenDefinition.class);

    private volatile @Nullable Boolean prompt;

    Consumer(
        PlatformHttpEndpoint endpoint,
        Processor processor,
        List<Handler<RoutingContext>> handlers,
        String router) {
      super(endpoint, processor, handlers, router);
    }

    /** Asked with a request in hand: while it starts, a consumer does not know its route. */
    private boolean isPrompt() {
      if (prompt == null) {
        ModelCamelContext camel = (ModelCamelContext) getEndpoint().getCamelContext();
        prompt =
            camel.getRoutes().stream()
                .filter(route -> route.getEndpoint() == getEndpoint())
                .map(route -> camel.getRouteDefinition(route.getId()))
                .allMatch(route -> arePrompt(route.getOutputs()));
      }
      return prompt;
    }

    /** Up to a hand-over to other threads. */
    private static boolean arePrompt(List<ProcessorDefinition<?>> steps) {
      for (ProcessorDefinition<?> step : steps) {
        if (step instanceof ThreadsDefinition) {
          return true;
        }
        boolean appends =
            step instanceof ToDefinition to && to.getEndpointUri().startsWith("inbox:");
        if (!(appends || PROMPT.contains(step.getClass())) || !arePrompt(step.getOutputs())) {
          return false;
        }
      }
      return true;
    }

    @Override
    protected void handleRequest(RoutingContext ctx) {
      if (isSuspended()) {
        super.handleRequest(ctx); // says so
        return;
      }
      Context context = Vertx.currentContext();
      Exchange exchange = createExchange(false);
      exchange.setPattern(ExchangePattern.InOut);
      processHttpRequest(exchange, ctx);
      if (isPrompt()) {
        process(exchange, context, ctx);
      } else {
        context.executeBlocking(
            () -> {
              process(exchange, context, ctx);
              return exchange;
            },
            false);
      }
    }

    private void process(Exchange exchange, Context context, RoutingContext ctx) {
      try {
        createUoW(exchange);
      } catch (Exception e) {
        exchange.setException(e);
        context.runOnContext(on -> answer(ctx, exchange));
        return;
      }
      getAsyncProcessor()
          .process(
              exchange,
              sync -> {
                if (sync && isPrompt()) {
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
