package convor.relay.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RouteFilesTest {
  @TempDir Path folder;

  private RouteFiles scan() {
    return RouteFiles.scan(
        folder,
        Map.of("relay.admin.port", "8081", "the.connector", "slack", "env:HOME", "/h")::get);
  }

  private List<String> problems() {
    return scan().problems().stream().map(line -> line.replace(folder + "/", "")).toList();
  }

  private void write(String name, String text) throws IOException {
    Files.createDirectories(folder.resolve(name).getParent());
    Files.writeString(folder.resolve(name), text);
  }

  @Test
  void a_connector_is_what_listens_to_the_inbox_and_declares_its_settings() throws IOException {
    write(
        "slack.camel.yaml",
        """
        # Tells the team.
        - route:
            id: slack
            from:
              uri: inbox:slack
              parameters:
                types: conversation.created, conversation.escalated
                requires: slack.webhook-url | slack.bot-token
                optional: slack.channel, slack.base-url=https://slack.com/?a=b
                orgs: acme,globex
                timeout: 1m30s
              steps:
                - to: inbox:append
        """);
    write("kafka/in.yaml", "- nothing to see here");
    write("notes.txt", "nor here");

    RouteFiles routes = scan();
    assertThat(routes.problems()).isEmpty();
    assertThat(routes.connectors())
        .containsExactly(
            new RouteFiles.Connector(
                "slack",
                List.of("conversation.created", "conversation.escalated"),
                "slack.webhook-url | slack.bot-token",
                Map.of(
                    "slack.channel",
                    Optional.empty(),
                    "slack.base-url",
                    Optional.of("https://slack.com/?a=b")),
                List.of("acme", "globex"),
                Duration.ofSeconds(90),
                folder.resolve("slack.camel.yaml"),
                5));
    assertThat(routes.settings())
        .containsExactly("slack.base-url", "slack.bot-token", "slack.channel", "slack.webhook-url");
    assertThat(routes.defaults())
        .containsExactly(Map.entry("slack.base-url", "https://slack.com/?a=b"));
  }

  @Test
  void a_connector_may_stand_on_one_line_and_use_placeholders() throws IOException {
    write(
        "a.yml",
        "- route: {id: a, from: {uri: 'inbox:{{the.connector}}?types=a.*,b&timeout={{t:5s}}', steps: [{log: hi}]}}");

    RouteFiles routes = scan();
    assertThat(routes.problems()).isEmpty();
    assertThat(routes.connectors())
        .singleElement()
        .satisfies(
            connector -> {
              assertThat(connector.name()).isEqualTo("slack");
              assertThat(connector.types()).containsExactly("a.*", "b");
              assertThat(connector.timeout()).isEqualTo(Duration.ofSeconds(5));
            });
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        Arguments.of(
            "a map on top",
            """
            # a route
            route:
              id: a
            """,
            "x.yaml:2: is a map, which Camel skips; make it a list, beginning with `- route:`"),
        Arguments.of(
            "nothing", "# later\n", "x.yaml:1: is empty; remove it, or begin with `- route:`"),
        Arguments.of(
            "no YAML",
            """
            - route:
                id: a
               from: b
            """,
            "x.yaml:3: is not YAML: expected <block end>, but found '<block mapping start>'"),
        Arguments.of(
            "no id",
            """
            - route:
                from: {uri: timer:a, steps: [{log: hi}]}
            """,
            "x.yaml:1: has a route without an id; give it one"),
        Arguments.of(
            "no route",
            """
            - from: {uri: timer:a, steps: [{log: hi}]}
            """,
            "x.yaml:1: has a route without an id; write `- route:` with `id:` and `from:`"),
        Arguments.of(
            "a placeholder without a value",
            """
            - route:
                id: a
                from:
                  uri: timer:a
                  steps:
                    - log: |
                        port {{relay.admin.port}} of {{env:HOME}} and {{?may.be}} or {{its:default}}
                        and {{nobody.set.this}}
            """,
            "x.yaml:8: {{nobody.set.this}} has no value; set it, or write"
                + " {{nobody.set.this:default}}"),
        Arguments.of(
            "a setting that is not declared",
            """
            - route:
                id: a
                from:
                  uri: inbox:a
                  parameters: {requires: a.token, optional: a.base-url}
                  steps:
                    - setVariable: {name: contact, simple: "${body}"}
                    - setBody: {jq: '{c: variable("a.token"), d: variable("contact")}'}
                    - toD:
                        uri: >-
                          ${variable.a.base-url}/x/${variable.contact.id}
                          ?k=${properties:relay.orgs.${header.RelayOrg}.a.tokn}
            """,
            "x.yaml:12: the setting a.tokn is not declared; add it to requires or optional; nearest is a.token"),
        Arguments.of(
            "a timeout",
            """
            - route: {id: a, from: {uri: "inbox:a?timeout=soon", steps: [{log: hi}]}}
            """,
            "x.yaml:1: timeout is no duration; write 30s, 5m, 3d or 500ms"),
        Arguments.of(
            "a list in YAML",
            """
            - route:
                id: a
                from:
                  uri: inbox:a
                  parameters:
                    types: [a, b]
                  steps: [{log: hi}]
            """,
            "x.yaml:6: types is not text; write a comma list"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrong")
  void what_is_wrong_is_told_with_its_line(String name, String yaml, String problem)
      throws IOException {
    write("x.yaml", yaml);

    assertThat(problems()).containsExactly(problem);
  }

  @Test
  void ids_connectors_and_defaults_may_not_contradict_each_other_across_files() throws IOException {
    String route =
        """
        - route:
            id: %s
            from:
              uri: inbox:%s
              parameters: {optional: "x.base-url=https://%s"}
              steps: [{log: hi}]
        """;
    write("a.yaml", route.formatted("one", "a", "one"));
    write("b.yaml", route.formatted("one", "b", "one"));
    write("c.yaml", route.formatted("three", "b", "three"));

    assertThat(problems())
        .containsExactly(
            "b.yaml:2: the route id one is taken by a.yaml:2; give it another",
            "c.yaml:4: the connector name b is taken by b.yaml:4; give it another",
            "c.yaml:4: x.base-url has another default elsewhere; make them the same");
  }

  @Test
  void parameters_of_a_template_are_placeholders_with_a_value() throws IOException {
    write(
        "t.yaml",
        """
        - routeTemplate:
            id: poll
            parameters:
              - name: period
            from:
              uri: timer:poll
              parameters: {period: "{{period}}"}
              steps: [{log: hi}]
        """);

    assertThat(problems()).isEmpty();
  }

  @Test
  void a_folder_without_route_files_is_a_problem() {
    assertThat(problems())
        .containsExactly(
            "relay.routes: the folder holds no *.yaml; name the one that holds the route files");
  }
}
