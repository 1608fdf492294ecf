package convor.relay.bench;

import convor.relay.store.Database;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.StoreSettings;
import convor.relay.verify.Schemes;
import convor.relay.verify.Source;
import convor.relay.verify.Verdict;
import convor.relay.verify.Verdict.Verified;
import convor.relay.verify.Verifier;
import convor.relay.verify.WebhookRequest;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The least that a receiver can do: verify and answer; or verify, append to the store's log, and
 * answer when that is on disk. No Camel, no metrics, no limits.
 */
public final class FloorServer {
  private static final int INFLATED = 8 << 20;
  private static final int POOL = 10;
  private static final int QUEUE = 10_000;
  private static final int BATCH = 256;

  private final Source source =
      new Source(
          Child.ORG,
          "convor",
          Schemes.named("convor", Map.of()),
          List.of(Child.SECRET),
          false,
          null);
  private final @Nullable GroupCommit log;
  private final InstantSource clock;

  /**
   * Serves until the process ends.
   *
   * @param store where to append to; null for nowhere
   */
  public static void serve(int port, @Nullable String store, InstantSource clock) {
    GroupCommit log = null;
    if (store != null) {
      Database database = Database.open(settings(store));
      GroupCommit opened = new GroupCommit(database, settings(store));
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    opened.close();
                    database.close();
                  }));
      log = opened;
    }
    FloorServer server = new FloorServer(log, clock);
    Vertx vertx = Vertx.vertx();
    vertx
        .createHttpServer()
        .requestHandler(request -> request.body().onSuccess(body -> server.answer(request, body)))
        .listen(port, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .join();
  }

  /** As a relay has them unless told otherwise. */
  static StoreSettings settings(String store) {
    return new StoreSettings(store, null, null, POOL, QUEUE, BATCH);
  }

  private FloorServer(@Nullable GroupCommit log, InstantSource clock) {
    this.log = log;
    this.clock = clock;
  }

  private void answer(HttpServerRequest request, Buffer body) {
    if (request.path().equals("/health")) {
      request.response().end();
      return;
    }
    Instant now = clock.instant();
    byte[] bytes = body.getBytes();
    WebhookRequest asked =
        new WebhookRequest("POST", request.absoluteURI(), request::getHeader, bytes);
    Verdict verdict = Verifier.verify(source, asked, now, INFLATED);
    if (!(verdict instanceof Verified verified)) {
      request.response().setStatusCode(401).end();
    } else if (log == null) {
      request.response().setStatusCode(202).end();
    } else {
      Context context = Vertx.currentContext();
      var unused =
          log.append(event(verified, bytes, now))
              .whenComplete(
                  (receipt, failure) -> context.runOnContext(on -> end(request, failure)));
    }
  }

  private static void end(HttpServerRequest request, @Nullable Throwable failure) {
    request.response().setStatusCode(failure == null ? 202 : 503).end();
  }

  private static Event event(Verified event, byte[] body, Instant now) {
    return new Event(
        Child.ORG,
        "convor",
        event.key(),
        event.type(),
        event.subject(),
        event.version(),
        now,
        Map.of(),
        body);
  }
}
