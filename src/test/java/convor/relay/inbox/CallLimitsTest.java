package convor.relay.inbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CallLimitsTest {
  private final Vertx vertx = Vertx.vertx();
  private final ScheduledThreadPoolExecutor deadlines = new ScheduledThreadPoolExecutor(1);

  @AfterEach
  void close() {
    deadlines.shutdownNow();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private String get(
      Duration deadline, long maxAnswer, io.vertx.core.Handler<HttpServerRequest> how)
      throws IOException {
    deadlines.setRemoveOnCancelPolicy(true);
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(how)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
    HttpClientBuilder builder = HttpClientBuilder.create().disableAutomaticRetries();
    new CallLimits(deadline, maxAnswer, deadlines).configureHttpClient(builder);
    try (CloseableHttpClient client = builder.build()) {
      return client.execute(
          new HttpGet("http://127.0.0.1:" + server.actualPort()),
          response -> EntityUtils.toString(response.getEntity()));
    }
  }

  @Test
  void an_answer_within_the_limits_is_given_back_and_nothing_is_left_waiting() throws Exception {
    assertThat(get(Duration.ofSeconds(50), 6, request -> request.response().end("answer")))
        .isEqualTo("answer");
    assertThat(deadlines.getQueue()).isEmpty();
  }

  @Test
  void an_answer_that_dribbles_is_cut_and_may_have_arrived() {
    assertThatThrownBy(
            () ->
                get(
                    Duration.ofMillis(700),
                    1_000,
                    request -> {
                      request.response().setChunked(true);
                      vertx.setPeriodic(50, id -> request.response().write("x"));
                    }))
        .isInstanceOf(IOException.class)
        .satisfies(this::mayHaveArrived);
  }

  @Test
  void an_answer_that_never_comes_is_cut_and_may_have_arrived() {
    assertThatThrownBy(() -> get(Duration.ofMillis(300), 1_000, request -> {}))
        .isInstanceOf(IOException.class)
        .satisfies(this::mayHaveArrived);
  }

  private void mayHaveArrived(Throwable thrown) {
    assertThat(Classify.exception(thrown, Instant.EPOCH).kind()).isEqualTo(Outcome.Kind.UNKNOWN);
  }

  @Test
  void an_answer_that_is_too_large_is_not_read_to_its_end() {
    assertThatThrownBy(
            () ->
                get(
                    Duration.ofSeconds(50),
                    1_000,
                    request -> request.response().end("x".repeat(1_001))))
        .hasMessageContaining("larger than 1000 bytes");
  }

  @Test
  void a_large_answer_is_measured_after_it_is_inflated() {
    assertThatThrownBy(
            () ->
                get(
                    Duration.ofSeconds(50),
                    1_000_000,
                    request ->
                        request
                            .response()
                            .putHeader("Content-Encoding", "gzip")
                            .end(io.vertx.core.buffer.Buffer.buffer(gzip(2_000_000)))))
        .hasMessageContaining("larger than");
  }

  private static byte[] gzip(int zeros) {
    var out = new java.io.ByteArrayOutputStream();
    try (var gzip = new java.util.zip.GZIPOutputStream(out)) {
      gzip.write(new byte[zeros]);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return out.toByteArray();
  }
}
