package convor.relay.receive;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads a request's body as it was sent, whatever its content type, before Camel sees the request:
 * Camel's own body handler parses forms and loses the bytes. It runs on the event loop, so a slow
 * sender holds no thread. A body over the limit is answered 413, with or without a Content-Length,
 * and while all bodies together are over theirs, 503.
 */
public final class RawBody implements Handler<RoutingContext> {
  private static final String KEY = RawBody.class.getName();
  private static final long READ_TIMEOUT_MS = TimeUnit.SECONDS.toMillis(20);

  /** What a request takes besides its body. */
  private static final int REQUEST_BYTES = 8 << 10;

  /** Bytes that are set aside for a body before it comes. */
  private static final int MOST_ROOM = 8 << 10;

  private final int maxBody;
  private final long maxHeld;
  private final String retryAfter;
  private final Rejections rejections;
  private final AtomicLong held = new AtomicLong();

  public RawBody(WebhookLimits limits, Rejections rejections) {
    this.maxBody = limits.maxBody();
    this.maxHeld = limits.maxHeld();
    this.retryAfter = limits.retryAfterSeconds();
    this.rejections = rejections;
  }

  /** The body of a request that this handler has let pass. */
  static byte[] of(RoutingContext ctx) {
    Buffer body = Objects.requireNonNull(ctx.get(KEY), "the body was not read");
    return body.getBytes();
  }

  @Override
  public void handle(RoutingContext ctx) {
    HttpServerRequest request = ctx.request();
    if (!request.path().startsWith(WebhookPath.PREFIX)) {
      ctx.next(); // somebody else's route on this port
      return;
    }
    long announced = announced(request);
    if (announced > maxBody) {
      tooLarge(ctx);
      return;
    }
    AtomicLong mine = new AtomicLong();
    ctx.addEndHandler(answered -> held.addAndGet(-mine.getAndSet(0)));
    if (!hold(REQUEST_BYTES, mine)) {
      busy(ctx);
      return;
    }
    if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
      ctx.response().writeContinue();
    }
    Buffer body = Buffer.buffer((int) Math.min(announced, MOST_ROOM));
    Vertx vertx =
        Vertx.currentContext().owner(); // ctx has the one that WebhookServer stands before
    long timer =
        vertx.setTimer(READ_TIMEOUT_MS, id -> end(ctx.request(), 408, "the body took too long"));
    request.exceptionHandler(failure -> vertx.cancelTimer(timer));
    request.handler(
        chunk -> {
          body.appendBuffer(chunk);
          if (body.length() > maxBody) {
            vertx.cancelTimer(timer);
            tooLarge(ctx);
          } else if (!hold(chunk.length(), mine)) {
            vertx.cancelTimer(timer);
            busy(ctx);
          }
        });
    request.endHandler(
        end -> {
          vertx.cancelTimer(timer);
          ctx.put(KEY, body);
          ctx.next();
        });
  }

  /** Returns whether all requests together still hold no more than they may. */
  private boolean hold(long bytes, AtomicLong mine) {
    mine.addAndGet(bytes);
    return held.addAndGet(bytes) <= maxHeld;
  }

  private void busy(RoutingContext ctx) {
    unavailable(ctx.request(), retryAfter, "too much is being received at once");
  }

  /** Whoever sends is to come back. */
  static void unavailable(HttpServerRequest request, String retryAfter, String reason) {
    request.response().putHeader("Retry-After", retryAfter);
    end(request, 503, reason);
  }

  private static long announced(HttpServerRequest request) {
    try {
      String length = request.getHeader("Content-Length");
      return length == null ? 0 : Math.max(0, Long.parseLong(length));
    } catch (NumberFormatException e) {
      return 0; // the bytes are counted
    }
  }

  private void tooLarge(RoutingContext ctx) {
    String reason = "the body is larger than relay.webhook.max-body, " + maxBody + " bytes";
    rejections.rejected(
        Rejections.Request.of(ctx.normalizedPath(), ctx.request(), maxBody + 1L),
        "too-large",
        reason);
    end(ctx.request(), 413, reason);
  }

  /** Answers, and closes the connection: what the sender still sends is not read. */
  private static void end(HttpServerRequest request, int status, String reason) {
    request.handler(null).endHandler(null);
    request.resume();
    Vertx vertx = Vertx.currentContext().owner();
    if (!request.response().ended()) {
      request
          .response()
          .setStatusCode(status)
          .putHeader("Content-Type", "application/json")
          .putHeader("Connection", "close")
          .end(Answer.json(status == 503 ? "unavailable" : "rejected", reason))
          .onComplete(sent -> vertx.setTimer(1_000, id -> request.connection().close()));
    }
  }
}
