package convor.relay.inbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import convor.relay.testing.Target;
import convor.relay.testing.TestRelay;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * What is said while events are delivered: one line for each attempt, and nothing of its content.
 */
class AttemptLogTest {
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final AppenderBase<ILoggingEvent> all =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(
              event.getLoggerName()
                  + " "
                  + event.getFormattedMessage()
                  + " "
                  + (event.getThrowableProxy() == null
                      ? ""
                      : event.getThrowableProxy().getMessage()));
        }
      };

  @BeforeEach
  void listen() {
    all.start();
    root.addAppender(all);
  }

  @AfterEach
  void stopListening() {
    root.detachAppender(all);
  }

  @Test
  void an_attempt_is_one_line_without_the_body_the_answer_or_a_setting(@TempDir Path folder) {
    try (Target target = new Target();
        TestRelay relay = new TestRelay(folder).set("relay.delivery.backoff", "1h")) {
      target.answers(
          (call, response) -> response.setStatusCode(404).end("the-answer says setting-of-acme"));
      relay
          .set("relay.orgs.acme.crm.token", "setting-of-acme")
          .route("crm", target.route("crm", "requires: crm.token, types: one"))
          .route(
              "broken",
              """
              - route:
                  id: broken
                  from:
                    uri: inbox:broken
                    parameters: {types: two, requires: crm.token}
                    steps:
                      - throwException:
                          exceptionType: java.lang.IllegalStateException
                          message: "${bodyAs(String)} and ${variable.crm.token}"
              """)
          .start();
      relay.accept(
          "acme", TestRelay.SECRET, "{\"id\":\"e1\",\"type\":\"one\",\"x\":\"in-the-body\"}");
      relay.accept(
          "acme", TestRelay.SECRET, "{\"id\":\"e2\",\"type\":\"two\",\"x\":\"in-the-body\"}");
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(lines)
                      .filteredOn(line -> line.startsWith("relay.attempt"))
                      .hasSize(2));
    }
    assertThat(lines)
        .filteredOn(line -> line.contains("key=e1"))
        .singleElement()
        .asString()
        .matches(
            "relay.attempt event=1 key=e1 org=acme connector=crm attempt=1 outcome=dead state=dead"
                + " status=404 ms=\\d+ next=- reason=\"HTTP 404\" ");
    assertThat(lines)
        .filteredOn(line -> line.contains("key=e2"))
        .singleElement()
        .asString()
        .contains("outcome=retry state=waiting status=- ", " reason=\"IllegalStateException\"");
    assertThat(String.join("\n", lines))
        .doesNotContain("in-the-body", "the-answer", "setting-of-acme", TestRelay.SECRET);
  }
}
