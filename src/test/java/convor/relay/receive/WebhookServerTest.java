package convor.relay.receive;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.testing.TestRelay;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What a sender is told by a server whose routes are not there. */
class WebhookServerTest {
  private static final WebhookLimits LIMITS =
      new WebhookLimits(1, 1, 1, 1, 1, 1, Duration.ofSeconds(5), 1);

  @Test
  void before_and_after_there_are_routes_a_sender_is_told_to_come_back() throws Exception {
    AtomicBoolean serves = new AtomicBoolean();
    Vertx vertx = WebhookServer.vertx(LIMITS, serves::get);
    try {
      HttpServer server =
          vertx.createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0));
      server.requestHandler(request -> request.response().setStatusCode(202).end());
      server.listen().toCompletionStage().toCompletableFuture().join();
      HttpRequest event =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + server.actualPort() + "/webhooks/acme"))
              .POST(HttpRequest.BodyPublishers.ofString("{}"))
              .build();

      assertIsToldToComeBack(TestRelay.call(event));
      serves.set(true);
      assertThat(TestRelay.call(event).statusCode()).isEqualTo(202);
      serves.set(false);
      assertIsToldToComeBack(TestRelay.call(event));
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().join();
    }
  }

  private static void assertIsToldToComeBack(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).hasValue("5");
    assertThat(answer.body()).contains("the relay is starting or stopping");
  }
}
