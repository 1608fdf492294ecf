package convor.relay.sandbox;

import static convor.relay.sandbox.Http.get;
import static convor.relay.sandbox.Http.json;
import static convor.relay.sandbox.Http.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxPageTest {
  private static final Map<String, String> TOKEN = Map.of("Authorization", "Bearer t");

  private final PretendDestinations destinations = PretendDestinations.start(0);
  private final Vertx vertx = Vertx.vertx();
  private PretendConvor convor;
  private String sandbox;

  @BeforeEach
  void mount() {
    URI nobody = URI.create("http://127.0.0.1:1/webhooks/");
    convor =
        new PretendConvor(
            nobody, Map.of("acme", "x".repeat(32), "globex", "y".repeat(32)), List.of());
    Router router = Router.router(vertx);
    SandboxPage.mount(
        router,
        ctx -> {
          if ("Bearer t".equals(ctx.request().getHeader("Authorization"))) {
            ctx.next();
          } else {
            ctx.response().setStatusCode(401).end();
          }
        },
        convor,
        destinations);
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(router)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
    sandbox = "http://127.0.0.1:" + server.actualPort() + "/sandbox";
  }

  @AfterEach
  void close() {
    convor.close();
    destinations.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void the_page_runs_only_its_own_script_and_holds_no_data() throws Exception {
    HttpResponse<String> page = get(sandbox, Map.of());
    String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
    Matcher nonce = Pattern.compile("script-src 'nonce-([^']+)'").matcher(policy);
    assertThat(nonce.find()).isTrue();
    assertThat(policy).contains("default-src 'none'").doesNotContain("unsafe");
    assertThat(page.body())
        .contains("<script nonce=\"" + nonce.group(1) + "\">")
        .doesNotContain("{{nonce}}", " onclick=", "innerHTML", " style=");
    assertThat(get(sandbox, Map.of()).body()).doesNotContain(nonce.group(1));
  }

  @Test
  void without_the_token_nothing_is_told_or_done() throws Exception {
    assertThat(get(sandbox + "/api/state", Map.of()).statusCode()).isEqualTo(401);
    assertThat(
            post(sandbox + "/api/fault", Map.of(), "{'destination':'slack','mode':'fail'}")
                .statusCode())
        .isEqualTo(401);
    assertThat(destinations.state(false).at("/slack/fault/mode").asText()).isEqualTo("ok");
  }

  @Test
  void events_timer_and_faults_are_set_and_shown() throws Exception {
    JsonNode sent =
        json(
            post(
                sandbox + "/api/send",
                TOKEN,
                "{'org':'acme','type':'conversation.closed','copies':2}"));
    assertThat(sent.path("id").asText()).startsWith("evt_");
    assertThat(
            json(post(sandbox + "/api/timer", TOKEN, "{'perSecond':0.5}"))
                .path("perSecond")
                .asDouble())
        .isEqualTo(0.5);
    assertThat(
            json(post(sandbox + "/api/timer", TOKEN, "{'perSecond':0}"))
                .path("perSecond")
                .asDouble())
        .isZero();
    JsonNode slack =
        json(
            post(
                sandbox + "/api/fault",
                TOKEN,
                "{'destination':'slack','mode':'limit','retryAfter':5}"));
    assertThat(slack.at("/fault/mode").asText()).isEqualTo("limit");

    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> convor.sent().stream().noneMatch(s -> s.state().equals("sending")));
    JsonNode state = json(get(sandbox + "/api/state", TOKEN));
    assertThat(state.path("orgs").toString()).isEqualTo("[\"acme\",\"globex\"]");
    assertThat(state.path("modes").toString()).contains("\"lose-answer\"");
    assertThat(state.at("/sent/0/id")).isEqualTo(state.at("/sent/1/id"));
    assertThat(state.at("/sent/0/state").asText()).isEqualTo("given up");
    assertThat(state.at("/destinations/slack/fault/retryAfter").asInt()).isEqualTo(5);
    assertThat(state.at("/destinations/hubspot/counts/calls").asInt()).isZero();
  }

  @Test
  void webhooks_are_lost_to_order_and_the_calls_of_the_api_are_shown() throws Exception {
    destinations.serve("key-acme", convor.account("acme"));
    assertThat(json(post(sandbox + "/api/lose", TOKEN, "{'everyNth':1}")).path("everyNth").asInt())
        .isEqualTo(1);
    post(sandbox + "/api/send", TOKEN, "{'org':'acme','type':'conversation.closed'}");
    JsonNode page =
        json(
            get(
                destinations.url(Destination.CONVOR) + "/v1/conversations",
                Map.of("Authorization", "Bearer key-acme")));
    for (int i = 0; i < 60; i++) {
      get(destinations.url(Destination.CONVOR) + "/v1/messages", Map.of());
    }

    HttpResponse<String> answer = get(sandbox + "/api/state", TOKEN);
    JsonNode state = json(answer);
    assertThat(state.path("loseEvery").asInt()).isEqualTo(1);
    assertThat(state.path("lost").asInt()).isEqualTo(1);
    assertThat(state.at("/sent/0/state").asText()).isEqualTo("lost");
    assertThat(state.at("/sent/0/about")).isEqualTo(page.at("/data/0/id"));
    assertThat(state.at("/destinations").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("hubspot", "zendesk", "jira", "slack");
    assertThat(state.at("/api/counts/byStatus/200").asInt()).isEqualTo(1);
    assertThat(state.at("/api/calls")).hasSize(50);
    assertThat(state.at("/api/calls/49/status").asInt()).isEqualTo(401);
    assertThat(state.at("/api/calls/49/caller").asText()).isEqualTo("unknown");
    assertThat(answer.body()).doesNotContain("key-acme");
  }

  @Test
  void nonsense_is_refused_with_a_reason() throws Exception {
    for (String[] wrong :
        new String[][] {
          {"send", "{'org':'initech','type':'conversation.closed'}", "acme, globex"},
          {"send", "not json", "acme, globex"},
          {"timer", "{}", "perSecond"},
          {"lose", "{}", "everyNth is a whole number"},
          {"lose", "{'everyNth':1.5}", "everyNth is a whole number"},
          {"lose", "{'everyNth':-1}", "everyNth is 0"},
          {"fault", "{'destination':'slack','mode':'expire-cursors'}", "only Convor's API"},
          {"fault", "{'destination':'fax','mode':'fail'}", "hubspot, zendesk"},
          {"fault", "{'destination':'slack','mode':'fax'}", "lose-answer"}
        }) {
      HttpResponse<String> answer = post(sandbox + "/api/" + wrong[0], TOKEN, wrong[1]);
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(json(answer).path("error").asText()).contains(wrong[2]);
    }
  }

  @Test
  void settings_are_complete_for_acme_and_leave_jira_and_slack_out_for_globex(
      @TempDir Path folder) {
    SandboxSettings settings = SandboxSettings.create(folder, 8080, 8081, destinations);
    Map<String, String> properties = settings.properties();
    assertThat(properties)
        .containsEntry("camel.server.port", "8080")
        .containsEntry("relay.admin.token", settings.adminToken())
        .containsEntry("relay.orgs.acme.webhook.secrets", settings.secrets().get("acme"))
        .containsEntry("relay.orgs.acme.api.base-url", destinations.url(Destination.CONVOR))
        .containsEntry("relay.poll.conversations.period", "10s")
        .containsEntry("relay.orgs.globex.hubspot.base-url", destinations.url(Destination.HUBSPOT));
    assertThat(properties.keySet())
        .noneMatch(key -> key.matches("relay\\.orgs\\.globex\\.(jira|slack)\\..*"));
    assertThat(properties.keySet())
        .anyMatch(key -> key.matches("relay\\.orgs\\.acme\\.(jira|slack)\\..*"));
    assertThat(settings.secrets().values())
        .doesNotHaveDuplicates()
        .allMatch(secret -> secret.length() >= 32);
    assertThat(properties.get("relay.orgs.acme.api.key"))
        .hasSizeGreaterThan(32)
        .isNotEqualTo(properties.get("relay.orgs.globex.api.key"));
    assertThat(settings.toString()).doesNotContain(settings.adminToken());
  }

  @Test
  void the_reporting_database_has_its_table(@TempDir Path folder) throws Exception {
    String url =
        SandboxSettings.create(folder, 8080, 8081, destinations)
            .properties()
            .get("relay.reporting.url");
    for (int connection = 0; connection < 2; connection++) {
      try (var database = java.sql.DriverManager.getConnection(url, "sa", "");
          var rows =
              database.createStatement().executeQuery("select count(*) from support_event")) {
        assertThat(rows.next()).isTrue();
      }
    }
  }
}
