package convor.relay.receive;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.testing.TestRelay;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** routes/kafka/receive.camel.yaml, where no broker answers. */
class NoBrokerTest {
  private static final int REQUESTS = 60;

  @TempDir Path folder;

  @Test
  void all_senders_are_asked_to_come_back_and_health_still_answers() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        TestRelay relay = new TestRelay(folder)) {
      String shipped = Files.readString(Path.of("routes/kafka/receive.camel.yaml"));
      relay
          .route("receive", shipped.replace("olSize: 64", "olSize: 2").replace(": 256", ": 8"))
          .set("relay.kafka.brokers", "127.0.0.1:" + silent.getLocalPort())
          .start();
      HttpClient client = HttpClient.newHttpClient();
      List<CompletableFuture<HttpResponse<String>>> answers =
          IntStream.range(0, REQUESTS)
              .mapToObj(i -> "{\"id\":\"evt_%d\",\"type\":\"note\"}".formatted(i))
              .map(body -> TestRelay.signed(relay.uri("/webhooks/acme"), body))
              .map(request -> client.sendAsync(request, BodyHandlers.ofString()))
              .toList();
      assertThat(TestRelay.call(HttpRequest.newBuilder(relay.uri("/health")).build()).statusCode())
          .isEqualTo(200);
      assertThat(answers)
          .allSatisfy(
              answer -> {
                HttpResponse<String> refused = answer.orTimeout(1, TimeUnit.MINUTES).join();
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.headers().firstValue("Retry-After")).hasValue("5");
              });
      assertThat(relay.rows("select event_key from event")).isEmpty();
    }
  }
}
