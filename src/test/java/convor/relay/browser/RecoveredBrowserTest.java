package convor.relay.browser;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.sandbox.PretendConvor;
import convor.relay.sandbox.PretendDestinations;
import convor.relay.sandbox.SandboxPage;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.chrome.ChromeDriver;

/** What the sandbox's page shows of polling, by the answers of the admin API. */
@WithChromium
class RecoveredBrowserTest {
  private static final String CURSORS =
      """
      {"cursors":[
        {"poll":"conversations","org":"acme","state":"active","position":"b3BhcXVl",
         "highWater":"2026-11-23T10:00:00.001Z","lastRun":"2026-11-23T10:00:05Z",
         "nextRun":"2026-11-23T10:00:15Z","reason":null,"records":40,"recovered":2},
        {"poll":"messages","org":"globex","state":"paused","position":null,"highWater":null,
         "lastRun":null,"nextRun":null,"reason":"refused: HTTP 401","records":0,"recovered":0}]}
      """;
  private static final String EVENTS =
      """
      {"events":[
        {"id":9,"org":"acme","source":"conversations","key":"k","type":"conversation.changed",
         "subject":"conversation/c_00000007","version":"2026-11-23T10:00:00.001Z",
         "receivedAt":"2026-11-23T10:00:05Z"}],"next":null}
      """;

  @TempDir private Path folder;
  private final Vertx vertx = Vertx.vertx();
  private final PretendDestinations destinations = PretendDestinations.start(0);
  private final PretendConvor convor =
      new PretendConvor(
          URI.create("http://127.0.0.1:1/webhooks/"), Map.of("acme", "x".repeat(32)), List.of());
  private final AtomicBoolean polls = new AtomicBoolean(true);
  private final AtomicInteger asked = new AtomicInteger();
  private ChromeDriver browser;
  private String page;

  @BeforeEach
  void open() {
    Router router = Router.router(vertx);
    SandboxPage.mount(router, RoutingContext::next, convor, destinations);
    router.get("/api/v1/deliveries").handler(ctx -> ctx.end("{\"deliveries\":[]}"));
    router.get("/api/v1/connectors").handler(ctx -> ctx.end("{\"connectors\":[]}"));
    router
        .get("/api/v1/cursors")
        .handler(
            ctx -> {
              asked.incrementAndGet();
              if (polls.get()) {
                ctx.end(CURSORS);
              } else {
                ctx.response().setStatusCode(404).end("{\"error\":\"no such call\"}");
              }
            });
    router
        .get("/api/v1/events")
        .handler(
            ctx -> {
              boolean some = "conversations".equals(ctx.request().getParam("source"));
              ctx.end(some ? EVENTS : "{\"events\":[],\"next\":null}");
            });
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(router)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
    page = "http://127.0.0.1:" + server.actualPort() + "/sandbox";
    browser = Chromium.open(folder.resolve("profile"));
  }

  @AfterEach
  void close() {
    if (browser != null) {
      browser.quit();
    }
    convor.close();
    destinations.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private static ConditionFactory soon() {
    return Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions();
  }

  private String text(String id) {
    return browser.findElement(By.id(id)).getText();
  }

  @Test
  void cursors_and_recovered_events_are_shown() {
    browser.get(page);
    soon().until(() -> text("recovered").contains("conversation/c_00000007"));
    assertThat(text("recovered-total")).isEqualTo("(2)");
    assertThat(text("cursors"))
        .contains(
            "conversations acme active 40 2 2026-11-23T10:00:00.001Z",
            "messages globex paused 0 0",
            "refused: HTTP 401");
    assertThat(text("recovered")).contains("conversations acme", "conversation.changed");
    assertThat(text("status")).isEqualTo("Connected.");
  }

  @Test
  void a_relay_that_does_not_poll_is_asked_once_and_nothing_is_shown() {
    polls.set(false);
    browser.get(page);
    soon().until(() -> text("status").equals("Connected."));
    convor.loseEvery(1);
    convor.send("acme", "conversation.closed").join();
    soon().until(() -> text("lost").equals("1"));
    assertThat(browser.findElement(By.id("polling")).isDisplayed()).isFalse();
    assertThat(asked).hasValue(1);
  }
}
