package convor.relay.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsReaderTest {
  private static final String SECRET = "3f9a1c77d04be825";
  private static final String OTHER_SECRET = "b81e6d2f90ac4537";
  private static final String SCHEMES =
      "convor, standard-webhooks, github, stripe, slack, shopify, zendesk, intercom, linear, chatwoot";
  private static final String ACME = "relay.orgs.acme.webhook.secrets = " + SECRET + "\n";

  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void routes() throws IOException {
    Files.createDirectory(folder.resolve("routes"));
    route(
        "slack",
        """
        - route:
            id: slack
            from:
              uri: inbox:slack
              parameters:
                requires: slack.webhook-url
                optional: slack.channel, slack.base-url=https://slack.com
              steps:
                - log: hi
        """);
    poll("conversations");
  }

  private void poll(String name) throws IOException {
    route(
        "poll-" + name,
        "- templatedRoute: {routeTemplateRef: poll, routeId: p, parameters: [{name: poll, value: %s}]}\n"
            .formatted(name));
  }

  private void route(String name, String yaml) throws IOException {
    Files.writeString(folder.resolve("routes/" + name + ".camel.yaml"), yaml);
  }

  private SettingsReader reader(String text, boolean sandbox) {
    Path file = folder.resolve("application.properties");
    try {
      Files.writeString(file, "relay.routes = " + folder.resolve("routes") + "\n" + text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new SettingsReader(file, environment, sandbox);
  }

  private Settings read(String text) {
    return reader(text, false).settings();
  }

  private List<String> problems(String text) {
    return reader(text, false).problems().stream()
        .map(line -> line.replace(folder + "/", ""))
        .toList();
  }

  @Test
  void what_is_not_set_has_the_default_of_the_table() {
    Settings settings = read(ACME);

    assertThat(settings.admin().host()).isEqualTo("127.0.0.1");
    assertThat(settings.admin().port()).isEqualTo(8081);
    assertThat(settings.admin().token()).isNull();
    assertThat(settings.camel()).containsExactly(Map.entry("camel.server.port", "8080"));
    assertThat(settings.store().url()).isEqualTo("jdbc:h2:file:./data/relay");
    assertThat(settings.store().poolSize()).isEqualTo(10);
    assertThat(settings.webhook().maxBody()).isEqualTo(1 << 20);
    assertThat(settings.delivery().lease()).isEqualTo(Duration.ofSeconds(90));
    assertThat(settings.delivery().backoff()).hasSize(9).startsWith(Duration.ofSeconds(5));
    assertThat(settings.delivery().jitter()).isEqualTo(0.2);
    assertThat(settings.keepEvents()).isEqualTo(Duration.ofDays(30));
    assertThat(settings.keepKeys()).isEqualTo(Duration.ofDays(365));
    assertThat(settings.reporting()).isNull();
    assertThat(settings.warnings()).isEmpty();
  }

  @Test
  void sources_and_organizations_are_read_with_everything_that_belongs_to_them() {
    environment.put("ACME_SECRET", SECRET);
    Settings settings =
        read(
            """
            relay.orgs.acme.webhook.secrets = {{env:ACME_SECRET}},{{env:ACME_OLD_SECRET:}}
            relay.orgs.acme.webhook.organization = org_acme
            relay.orgs.acme.webhook.require-timestamp = true
            relay.orgs.acme.webhook.timestamp-tolerance = 60s
            relay.orgs.acme.sources.git-hub.scheme = github
            relay.orgs.acme.sources.git-hub.secrets = %s
            relay.orgs.acme.slack.webhook-url = https://hooks.example.com/T0
            """
                .formatted(OTHER_SECRET));

    assertThat(settings.sources().get("acme")).containsOnlyKeys("convor", "git-hub");
    assertThat(settings.source("acme", "convor").secrets()).containsExactly(SECRET);
    assertThat(settings.source("acme", "convor").organization()).isEqualTo("org_acme");
    assertThat(settings.source("acme", "convor").requireTimestamp()).isTrue();
    assertThat(settings.source("acme", "git-hub").scheme().name()).isEqualTo("github");
    assertThat(settings.source("acme", "nothing")).isNull();
    assertThat(settings.source("nobody", "convor")).isNull();
    assertThat(settings.organizations().get("acme").settings())
        .containsOnly(
            Map.entry("slack.webhook-url", "https://hooks.example.com/T0"),
            Map.entry("slack.base-url", "https://slack.com"),
            Map.entry("api.base-url", "https://api.convor.io"));
    assertThat(settings.properties())
        .containsEntry("relay.orgs.acme.slack.base-url", "https://slack.com")
        .doesNotContainKey("relay.orgs.acme.webhook.secrets");
  }

  @ParameterizedTest
  @CsvSource({
    "RELAY_ADMIN_PORT, 9000, relay.admin.port",
    "RELAY_ORGS_ACME_SLACK_CHANNEL, C1, relay.orgs.acme.slack.channel",
    "RELAY_ORGS_BIG_CORP_API_BASE_URL, https://b, relay.orgs.big-corp.api.base-url",
    "RELAY_ORGS_NEW_ONE_API_KEY, abcdefgh1234, relay.orgs.new_one.api.key",
    "RELAY_POLL_CONVERSATIONS_PAGE_SIZE, 50, relay.poll.conversations.page-size",
    "CAMEL_SERVER_PORT, 9001, camel.server.port",
    "CAMEL_COMPONENT_HTTP_SO_TIMEOUT, 5s, camel.component.http.so-timeout",
  })
  void every_key_can_be_an_environment_variable_and_wins_over_the_file(
      String variable, String value, String key) {
    environment.put(variable, value);
    Settings settings =
        read(
            ACME
                + "relay.orgs.big-corp.api.key = abcdefgh\nrelay.admin.port = 1\ncamel.component.http.soTimeout = 9s\n");

    assertThat(settings.properties()).containsEntry(key, value);
    assertThat(settings.warnings()).isEmpty();
  }

  @Test
  void secrets_can_come_from_the_environment_by_key_and_from_files() throws IOException {
    Path file = Files.writeString(folder.resolve("secret"), SECRET + "\n");
    environment.put("RELAY_ORGS_ACME_WEBHOOK_SECRETS", OTHER_SECRET);
    environment.put("RELAY_ORGS_ACME_SOURCES_GITHUB_SCHEME", "github");
    Settings settings = read("relay.orgs.acme.sources.github.secrets = {{file:" + file + "}}\n");

    assertThat(settings.source("acme", "convor").secrets()).containsExactly(OTHER_SECRET);
    assertThat(settings.source("acme", "github").secrets()).containsExactly(SECRET);
  }

  @Test
  void all_problems_are_told_at_once_each_with_its_key_and_what_would_be_right()
      throws IOException {
    route(
        "slow",
        """
        - route:
            id: slow
            from:
              uri: inbox:slow
              parameters: {timeout: 90s}
              steps: [{log: hi}]
        """);
    environment.put("RELAY_STORE_POOL_SIZE", "many");

    assertThat(
            problems(
                """
                camel.server.port = 8081
                camel.server.staticEnabled = true
                relay.admin.host = 0.0.0.0
                relay.admin.prot = 8081
                relay.store.url = jdbc:mysql://db/relay
                relay.webhook.max-body = 9MiB
                relay.webhook.retry-after = 5 seconds
                relay.delivery.jitter = 2
                relay.retention.keys = 7d
                relay.orgs.acme.webhook.scheme = convoy
                relay.orgs.acme.webhook.secrets = {{env:ACME_SECRET}}
                relay.orgs.acme.slack.webhok-url = x
                relay.orgs.acme.slack.webhook-url = hooks.slack.com
                relay.orgs.acme.sources.shop.secrets = 0123456789abcdef
                relay.orgs.globex.webhook.timestamp-unit = hours
                relay.orgs.globex.webhook.secrets = changeme
                relay.orgs.Initech.webhook.secrets = 0123456789abcdef
                relay.orgs.hooli.slack.channel = C1 # ours
                relay.orgs.umbrella.sources.convor.secrets = 0123456789abcdef
                """))
        .containsExactly(
            "relay.orgs.acme.webhook.secrets: environment variable ACME_SECRET is not set; set it, or write"
                + " {{env:ACME_SECRET:}} if it may be unset",
            "relay.orgs.hooli.slack.channel: has a # in its value; put the comment on a line of its own",
            "camel.server.staticEnabled: would serve the working directory, secrets included; remove it",
            "relay.admin.prot: is unknown; nearest is relay.admin.port",
            "relay.delivery.jitter: is no share; write a number from 0 to 1",
            "relay.orgs.acme.slack.webhok-url: is unknown; nearest is relay.orgs.acme.slack.webhook-url"
                + " (a connector's setting is declared by its route: requires, optional)",
            "relay.orgs.acme.slack.webhook-url: is no web address; write http://… or https://… with a host",
            "relay.orgs.globex.webhook.secrets: is a placeholder; put the real one, as {{env:NAME}} or {{file:PATH}}",
            "relay.store.pool-size (RELAY_STORE_POOL_SIZE): is no whole number from 2 to 1000; write such a number in"
                + " digits",
            "relay.store.url: is no JDBC URL of H2 or PostgreSQL; write jdbc:h2:file:… or jdbc:postgresql://host/database, without user and password",
            "relay.webhook.retry-after: is no duration; write 30s, 5m, 3d or 500ms",
            "relay.admin.token: is missing; others can reach relay.admin.host, so set a token",
            "relay.admin.port: is the port of the webhooks too; choose one that differs from camel.server.port",
            "relay.retention.keys: is shorter than relay.retention.events; make it as long or longer",
            "relay.orgs.Initech: is no name for an organization; use a to z, 0 to 9, - and _, beginning with a letter or"
                + " digit",
            "relay.orgs.acme.webhook.scheme: is no scheme; nearest is convor, of " + SCHEMES,
            "relay.orgs.acme.sources.shop.scheme: is missing; choose one of " + SCHEMES,
            "relay.orgs.globex.webhook.timestamp-unit = hours: must be one of seconds, millis, iso8601",
            "relay.orgs.hooli.webhook.secrets: is missing; nothing can come in for this organization; set them, or a"
                + " source or an api.key",
            "relay.orgs.umbrella.sources.convor: the source convor is set as relay.orgs.umbrella.webhook",
            "relay.webhook.max-inflated: is smaller than relay.webhook.max-body; make it as large or larger",
            "routes/slow.camel.yaml:4: timeout is not shorter than relay.delivery.lease; shorten it or lengthen the"
                + " lease");
  }

  @Test
  void the_problems_are_thrown_together() {
    SettingsReader reader = reader("relay.x = 1\nrelay.y = 2\n" + ACME, false);

    assertThatThrownBy(reader::settings)
        .isInstanceOfSatisfying(SettingsException.class, e -> assertThat(e.problems()).hasSize(2))
        .hasMessageContaining("relay.x: is unknown")
        .hasMessageContaining("\nrelay.y: is unknown");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "relay.admin.port = -1|relay.admin.port: is no whole number from 0 to 65535; write such a number in digits",
        "relay.routes = nowhere|relay.routes: there is no such folder; name the one that holds the route files",
        "relay.admin.token = 0123|relay.admin.token: is too weak; use at least 16 random characters, such as from:"
            + " openssl rand -hex 32",
        "relay.admin.token = abababababababababab|relay.admin.token: is too weak; use at least 16 random characters,"
            + " such as from: openssl rand -hex 32",
        "relay.admin.token = <your admin token>|relay.admin.token: is a placeholder; put the real one, as {{env:NAME}}"
            + " or {{file:PATH}}",
        "relay.store.password = change-me|relay.store.password: is a placeholder; put the real one, as {{env:NAME}} or"
            + " {{file:PATH}}",
        "relay.admin.token = {{file:/no/such}}|relay.admin.token: the file /no/such cannot be read; it should hold the"
            + " value and nothing else",
        "relay.admin.token = {{vault:x}}|relay.admin.token: has an unknown placeholder; write {{env:NAME}},"
            + " {{env:NAME:default}} or {{file:PATH}}",
        "relay.orgs.acme.webhook.secretz = x|relay.orgs.acme.webhook.secretz: is unknown; nearest is"
            + " relay.orgs.acme.webhook.secrets (a connector's setting is declared by its route: requires, optional)",
        "relay.orgs.acme.sources.A.scheme = github|relay.orgs.acme.sources.A: is no name for a source; use a to z, 0 to"
            + " 9, - and _, beginning with a letter or digit",
        "relay.orgs.acme.sources.github.scheme = github|relay.orgs.acme.sources.github.secrets: is missing; without one"
            + " nothing can be verified; write {{env:NAME}} or {{file:PATH}}",
        "relay.reporting.url = postgres://x|relay.reporting.url: is no JDBC URL; write jdbc:…",
        "relay.poll.chats.page-size = all|relay.poll.chats.page-size: is no whole number from 1 to 1000000; write such a"
            + " number in digits",
        "relay.delivery.backoff = 5s;30s|relay.delivery.backoff: is no list of durations; write a comma list such as"
            + " 5s,30s,2m",
        "relay.webhook.max-body = 1MB|relay.webhook.max-body: is no size; write 1MiB, 512KiB or a number of bytes, up to"
            + " 1GiB",
        "camel.server.static-enabled = true|camel.server.static-enabled: would serve the working directory, secrets"
            + " included; remove it",
      })
  void a_wrong_value_is_told_with_what_would_be_right(String line, String problem) {
    assertThat(problems(ACME + line + "\n")).contains(problem);
  }

  @Test
  void a_key_set_twice_is_a_problem() {
    assertThat(problems(ACME + "relay.admin.port = 1\nrelay.admin.port = 2\n"))
        .containsExactly("relay.admin.port: is set twice; keep one of the lines");
  }

  @Test
  void a_missing_or_unreadable_file_is_a_problem() throws IOException {
    Path latin =
        Files.write(
            folder.resolve("latin.properties"),
            "relay.routes = \u00e9".getBytes(StandardCharsets.ISO_8859_1));

    assertThat(new SettingsReader(folder.resolve("none"), environment, false).problems())
        .contains(folder.resolve("none") + ": there is no such file; name it with --config");
    assertThat(new SettingsReader(latin, environment, false).problems())
        .contains(latin + ": is not UTF-8; save it as UTF-8");
  }

  @Test
  void reporting_needs_its_database() throws IOException {
    route(
        "reporting",
        "- route: {id: r, from: {uri: 'inbox:r?requires=reporting.enabled', steps: [{log: hi}]}}");
    String enabled = ACME + "relay.orgs.acme.reporting.enabled = true\n";

    assertThat(problems(enabled))
        .containsExactly(
            "relay.reporting.url: is missing; relay.orgs.acme.reporting.enabled needs it");
    assertThat(read(enabled + "relay.reporting.url = jdbc:h2:mem:r\n").reporting().url())
        .isEqualTo("jdbc:h2:mem:r");
  }

  @Test
  void the_sandbox_takes_weak_secrets_and_unset_variables() {
    Settings settings =
        reader(
                "relay.orgs.acme.webhook.secrets = changeme\nrelay.orgs.acme.api.key = {{env:NOTHING}}\n",
                true)
            .settings();

    assertThat(settings.sandbox()).isTrue();
    assertThat(settings.source("acme", "convor").secrets()).containsExactly("changeme");
  }

  @Test
  void doubtful_settings_are_warnings() {
    environment.put("RELAY_SERVICE_HOST", "10.0.0.1");
    environment.put("RELAY_ACME_API_KEY", "abcdefgh1234");
    Settings settings =
        read(
            ACME
                + "relay.orgs.acme.api.key = {{env:RELAY_ACME_API_KEY}}\nrelay.orgs.acme.api.base-url = http://convor.example.com\nrelay.orgs.acme.slack.base-url = http://127.0.0.1:9\n");

    assertThat(settings.warnings())
        .containsExactly(
            "RELAY_SERVICE_HOST: is an environment variable of no setting; rename it if it is not meant as one",
            "relay.orgs.acme.api.base-url: is http: tokens and customers' data travel in the clear; write https");
    assertThat(read("").warnings())
        .contains("relay.orgs: no organization is configured; every webhook will be answered 401");
  }

  @Test
  void no_secret_is_ever_printed() {
    String hidden = "Zq7hidden7Zq7hidden";
    environment.put("TOKEN", hidden);
    environment.put("RELAY_ORGS_ACME_WEBHOOK_SECRETS", hidden);
    String good =
        """
        relay.admin.token = {{env:TOKEN}}
        relay.store.url = jdbc:h2:file:x;PASSWORD=Zq7hidden7Zq7hidden
        relay.store.password = Zq7hidden7Zq7hidden
        relay.orgs.acme.slack.webhook-url = https://hooks.example.com/Zq7hidden7Zq7hidden
        relay.orgs.acme.api.key = {{env:TOKEN}}
        relay.reporting.url = jdbc:h2:mem:r;PASSWORD=Zq7hidden7Zq7hidden
        """;
    String wrong =
        """
        relay.admin.port = {{env:TOKEN}}
        relay.store.url = Zq7hidden7Zq7hidden
        relay.routes = Zq7hidden7Zq7hidden
        relay.webhook.max-body = {{env:TOKEN}}
        relay.orgs.acme.slack.webhook-url = Zq7hidden7Zq7hidden
        relay.orgs.acme.webhook.scheme = {{env:TOKEN}}
        relay.orgs.acme.webhook.timestamp-unit = {{env:TOKEN}}
        """;
    Settings settings = read(good);

    assertThat(
            List.of(
                settings.toString(),
                settings.admin().toString(),
                settings.store().toString(),
                settings.reporting().toString(),
                settings.organizations().toString(),
                settings.sources().toString(),
                problems(wrong).toString()))
        .noneMatch(text -> text.contains("Zq7hidden"));
  }
}
