package convor.relay.inbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.ObjectMapper;
import convor.relay.inbox.Outcome.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.http.base.HttpOperationFailedException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.HttpHostConnectException;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.MalformedChunkCodingException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ClassifyTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  private static HttpOperationFailedException http(int status, Map<String, String> headers) {
    return new HttpOperationFailedException(
        "https://hooks.example/secret", status, "text", null, headers, "the answer");
  }

  @ParameterizedTest
  @CsvSource({
    "300, DEAD",
    "301, DEAD",
    "302, DEAD",
    "307, DEAD",
    "400, DEAD",
    "401, REFUSED",
    "402, DEAD",
    "403, REFUSED",
    "404, DEAD",
    "405, DEAD",
    "408, RETRY",
    "409, DEAD",
    "410, DEAD",
    "413, DEAD",
    "422, DEAD",
    "425, RETRY",
    "429, LIMITED",
    "451, DEAD",
    "500, RETRY",
    "501, RETRY",
    "502, RETRY",
    "503, RETRY",
    "504, RETRY",
    "529, RETRY",
  })
  void every_status_has_its_outcome(int status, Kind kind) {
    Outcome outcome = Classify.exception(http(status, Map.of()), NOW);
    assertThat(outcome.kind()).isEqualTo(kind);
    assertThat(outcome.status()).isEqualTo(status);
    assertThat(outcome.reason()).isEqualTo("HTTP " + status);
    assertThat(outcome.excerpt()).isEqualTo("the answer");
  }

  static Stream<Arguments> exceptions() {
    return Stream.of(
        // before the request can have been sent
        arguments(new ConnectException("refused"), Kind.RETRY),
        arguments(new HttpHostConnectException("refused"), Kind.RETRY),
        arguments(new ConnectTimeoutException("5 s"), Kind.RETRY),
        arguments(new ConnectionRequestTimeoutException("5 s"), Kind.RETRY),
        arguments(new UnknownHostException("hooks.example"), Kind.RETRY),
        arguments(new NoRouteToHostException("no route"), Kind.RETRY),
        arguments(new BindException("no port is free"), Kind.RETRY),
        arguments(new SSLHandshakeException("expired"), Kind.RETRY),
        arguments(new SSLPeerUnverifiedException("another host's certificate"), Kind.RETRY),
        // after it
        arguments(new SocketTimeoutException("25 s"), Kind.UNKNOWN),
        arguments(new SocketException("Connection reset"), Kind.UNKNOWN),
        arguments(new NoHttpResponseException("closed"), Kind.UNKNOWN),
        arguments(new ConnectionClosedException("premature end"), Kind.UNKNOWN),
        arguments(new MalformedChunkCodingException("half"), Kind.UNKNOWN),
        arguments(new EOFException("half"), Kind.UNKNOWN),
        arguments(new SSLException("closed"), Kind.UNKNOWN),
        arguments(new IOException("whatever"), Kind.UNKNOWN),
        // the route's own
        arguments(new IllegalStateException("a bug in a route"), Kind.RETRY),
        arguments(new NullPointerException(), Kind.RETRY),
        arguments(new StackOverflowError(), Kind.RETRY));
  }

  @ParameterizedTest
  @MethodSource("exceptions")
  void every_exception_has_its_outcome_also_as_a_cause(Throwable thrown, Kind kind) {
    Outcome outcome = Classify.exception(thrown, NOW);
    assertThat(outcome.kind()).isEqualTo(kind);
    assertThat(outcome.status()).isNull();
    assertThat(outcome.reason()).contains(thrown.getClass().getSimpleName());
    Throwable wrapped = new CamelExecutionException("failed", null, new RuntimeException(thrown));
    assertThat(Classify.exception(wrapped, NOW).kind()).isEqualTo(kind);
  }

  @Test
  void what_could_not_be_parsed_may_have_been_an_answer() {
    Throwable thrown = null;
    try {
      new ObjectMapper().readTree("{");
    } catch (IOException e) {
      thrown = e;
    }
    assertThat(Classify.exception(thrown, NOW).kind()).isEqualTo(Kind.UNKNOWN);
  }

  @Test
  void a_reason_is_one_line_without_the_url() {
    assertThat(Classify.exception(new IllegalStateException("one\ntwo"), NOW).reason())
        .isEqualTo("IllegalStateException: one");
    assertThat(Classify.exception(http(500, Map.of()), NOW).reason()).doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource({"Retry-After", "retry-after", "RETRY-AFTER"})
  void the_wait_that_an_answer_asks_for_is_read(String header) {
    Outcome outcome = Classify.exception(http(429, Map.of("x", "y", header, " 17 ")), NOW);
    assertThat(outcome.retryAfter()).isEqualTo(Duration.ofSeconds(17));
  }

  @Test
  void an_answer_without_headers_asks_for_nothing() {
    assertThat(Classify.exception(http(429, null), NOW).retryAfter()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "0 | 0",
        "30 | 30",
        "999999999 | 999999999",
        "Mon, 23 Nov 2026 10:00:42 GMT | 42",
        "Mon, 23 Nov 2026 09:00:00 GMT | 0",
        "-1 | ",
        "1.5 | ",
        "soon | ",
        "'' | ",
        "9999999999999 | ",
        "Tue, 23 Nov 2026 10:00:42 GMT | ", // the wrong day of the week
      },
      delimiter = '|')
  void retry_after_is_seconds_or_a_date(String value, Long seconds) {
    assertThat(Classify.retryAfter(value, NOW))
        .isEqualTo(seconds == null ? null : Duration.ofSeconds(seconds));
  }

  @Test
  void without_a_retry_after_there_is_none() {
    assertThat(Classify.retryAfter(null, NOW)).isNull();
  }
}
