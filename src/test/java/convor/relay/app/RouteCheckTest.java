package convor.relay.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.camel.Processor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RouteCheckTest {
  @TempDir Path folder;
  private final Map<String, String> properties = new TreeMap<>();

  private List<String> problems() {
    RouteFiles routes = RouteFiles.scan(folder, properties::get);
    List<String> found =
        RouteCheck.problems(
            routes,
            properties,
            camel -> camel.getRegistry().bind("known", (Processor) exchange -> {}));
    return Stream.concat(routes.problems().stream(), found.stream())
        .map(line -> line.replace(folder + "/", ""))
        .toList();
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  @Test
  void good_routes_load_without_opening_a_port() throws IOException {
    properties.put("greeting.level", "INFO");
    write(
        "good.yaml",
        """
        - route:
            id: good
            from:
              uri: platform-http:/webhooks/{org}
              parameters: {httpMethodRestrict: POST}
              steps:
                - process: {ref: known}
                - setBody: {jq: '{text: ("*" + .a.b + "*")}'}
                - to: log:hi?level={{greeting.level}}
                - toD:
                    uri: http://${header.host}/x
                    parameters: {connectTimeout: 5000, anything: goes, httpClient.soTimeout: 3}
        """);

    assertThat(problems()).isEmpty();
  }

  static Stream<Arguments> steps() {
    return Stream.of(
        Arguments.of(
            "- setBodi: {simple: hi}",
            "x.yaml:7: setBodi is no step of a route; nearest is setBody"),
        Arguments.of("- setBody: {simpel: hi}", "x.yaml:7: Unsupported field: simpel"),
        Arguments.of("- marshal: {jsn: {}}", "x.yaml:7: Unsupported field: jsn"),
        Arguments.of(
            "- setBody: {simple: '${body'}", "x.yaml:7: expected symbol functionEnd but was eol"),
        Arguments.of("- log: '${foo.bar}'", "x.yaml:7: Unknown function: foo.bar"),
        Arguments.of(
            "- setBody: {jq: '{text: .a'}", "x.yaml:7: Encountered \"<EOF>\" at line 1, column 9."),
        Arguments.of("- to: htp://example.com", "x.yaml:7: there is no component htp"),
        Arguments.of("- to: log:a?levl=INFO", "x.yaml:7: log has no option levl; nearest is level"),
        Arguments.of(
            "- to: {uri: 'http://a', parameters: {bridgeEndpont: true}}",
            "x.yaml:7: http has no option bridgeEndpont; nearest is bridgeEndpoint"),
        Arguments.of(
            "- to: timer:a?delay=soon",
            "x.yaml:7: the option delay cannot take its value; it takes a Duration"),
        Arguments.of(
            "- process: {ref: nobody}",
            "x.yaml:7: No bean could be found in the registry for: nobody of type: org.apache.camel.Processor"),
        Arguments.of(
            "- to: jdbc:nobody",
            "x.yaml:7: No bean could be found in the registry for: nobody of type: javax.sql.DataSource"),
        Arguments.of(
            "- to: 'log:{{nobody}}'",
            "x.yaml:7: {{nobody}} has no value; set it, or write {{nobody:default}}"));
  }

  @ParameterizedTest
  @MethodSource("steps")
  void what_camel_refuses_is_told_with_its_line(String step, String problem) throws IOException {
    write(
        "x.yaml",
        "- route:\n    id: x\n    from:\n      uri: direct:x\n      steps:\n        - log: hi\n        "
            + step
            + "\n");

    assertThat(problems()).containsExactly(problem);
  }

  @Test
  void what_is_wrong_with_from_is_told_with_its_line() throws IOException {
    write("a.yaml", "- route:\n    id: a\n    form: {uri: direct:a, steps: [{log: hi}]}\n");
    write(
        "b.yaml",
        "- route:\n    id: b\n    from:\n      uri: timer:b\n      parameters:\n        preiod: 3\n      steps: [{log: hi}]\n");

    assertThat(problems())
        .containsExactly(
            "b.yaml:6: timer has no option preiod; nearest is period",
            "a.yaml:3: Unsupported field: form");
  }

  @Test
  void one_broken_file_does_not_hide_what_is_wrong_in_another() throws IOException {
    String route = "- route: {id: %s, from: {uri: 'direct:%s', steps: [{%s}]}}\n";
    write("a.yaml", "route: {}\n");
    write("b.yaml", "- [\n");
    write("c.yaml", route.formatted("c", "c", "setBodi: x"));
    write("d.yaml", route.formatted("d", "d", "to: 'nope:x'"));
    write("e.yaml", route.formatted("d", "e", "log: hi"));

    assertThat(problems())
        .containsExactly(
            "a.yaml:1: is a map, which Camel skips; make it a list, beginning with `- route:`",
            "b.yaml:2: is not YAML: expected the node content, but found '<stream end>'",
            "e.yaml:1: the route id d is taken by " + "d.yaml:1; give it another",
            "c.yaml:1: setBodi is no step of a route; nearest is setBody",
            "d.yaml:1: there is no component nope");
  }

  @Test
  void a_template_may_stand_in_a_later_file_than_its_use() throws IOException {
    write(
        "a.yaml",
        "- templatedRoute: {routeTemplateRef: t, routeId: a, parameters: [{name: to, value: 'log:a'}]}\n");
    write(
        "b.yaml",
        "- routeTemplate: {id: t, parameters: [{name: to}], from: {uri: 'direct:t', steps: [{to: '{{to}}'}]}}\n");

    assertThat(problems()).isEmpty();
  }

  @Test
  void values_of_placeholders_are_not_repeated() throws IOException {
    properties.put("relay.orgs.acme.slack.bot-token", "Zq7hidden7Zq7");
    write(
        "x.yaml",
        "- route: {id: x, from: {uri: 'direct:x', steps: [{process: {ref: '{{relay.orgs.acme.slack.bot-token}}'}}]}}\n");

    assertThat(problems())
        .containsExactly(
            "x.yaml:1: No bean could be found in the registry for: {{relay.orgs.acme.slack.bot-token}} of type:"
                + " org.apache.camel.Processor");
  }
}
