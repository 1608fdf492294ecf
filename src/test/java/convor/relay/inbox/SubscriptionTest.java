package convor.relay.inbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SubscriptionTest {
  private static final Subscription.Pace PACE =
      new Subscription.Pace(
          8,
          Subscription.Ordering.NONE,
          false,
          null,
          false,
          Duration.ofSeconds(30),
          Duration.ofDays(3));

  private static Subscription subscription(String requires, String optional, String... orgs) {
    return new Subscription(
        "slack",
        TypePatterns.parse("*"),
        requires,
        Subscription.defaults(optional),
        List.of(orgs),
        PACE);
  }

  private static Organization acme(String... keysAndValues) {
    Map<String, String> settings = new java.util.TreeMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      settings.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return new Organization("acme", settings);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        // requires; a; b; what is missing
        "''; ; ; ",
        "a; x; ; ",
        "a; ; ; a is not set",
        "a, b; x; ; b is not set",
        "a, b; x; y; ",
        "a|b; ; y; ",
        "a|b; x; ; ",
        "a|b; ; ; a or b is not set",
        "'a | b , '; x; ; ",
        "a; ' '; ; a is not set",
        "a; false; ; a is not set",
        "a; False; ; a is not set",
        "a; true; ; ",
      })
  void an_organization_is_subscribed_when_it_has_what_is_required(
      String requires, String a, String b, String why) {
    Map<String, String> settings = new java.util.HashMap<>();
    if (a != null) {
      settings.put("a", a);
    }
    if (b != null) {
      settings.put("b", b);
    }
    String list = requires == null ? "" : requires;
    assertThat(subscription(list, "").notSubscribed(new Organization("acme", settings)))
        .isEqualTo(why);
  }

  @Test
  void only_the_named_organizations_are_subscribed() {
    assertThat(subscription("", "", "acme").notSubscribed(acme())).isNull();
    assertThat(subscription("", "", "other").notSubscribed(acme())).isEqualTo("not in `orgs`");
  }

  @Test
  void a_route_gets_the_settings_that_it_declares_and_no_other() {
    Organization acme =
        acme("slack.token", "t", "slack.channel", "#c", "slack.blank", "", "hubspot.token", "h");
    Subscription slack =
        subscription(
            "slack.token | slack.webhook-url",
            "slack.channel = #general, slack.base-url=https://x/?a=b, slack.name, slack.blank=d");
    assertThat(slack.settings(acme))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "slack.token",
                "t",
                "slack.channel",
                "#c",
                "slack.base-url",
                "https://x/?a=b",
                "slack.name",
                "",
                "slack.blank",
                ""));
  }

  @Test
  void a_fingerprint_changes_with_the_declared_settings_only_and_tells_none() {
    Subscription slack = subscription("slack.token", "slack.channel=#c");
    String before = slack.fingerprint(acme("slack.token", "secret-1", "other", "1"));
    assertThat(slack.fingerprint(acme("slack.token", "secret-1", "other", "2"))).isEqualTo(before);
    assertThat(slack.fingerprint(acme("slack.token", "secret-2"))).isNotEqualTo(before);
    assertThat(slack.fingerprint(acme("slack.token", "secret-1", "slack.channel", "#d")))
        .isNotEqualTo(before);
    assertThat(before).matches("[0-9a-f]{16}");
  }

  @Test
  void the_longest_secret_is_redacted_first() {
    Organization acme =
        acme(
            "base-url", "https://hooks.example",
            "webhook-url", "https://hooks.example/services/T0/secret",
            "short", "on");
    String told =
        acme.redact("GET https://hooks.example/services/T0/secret, https://hooks.example; on");
    assertThat(told).isEqualTo("GET ***, ***; on");
  }

  @Test
  void an_organization_never_prints_its_settings() {
    assertThat(acme("slack.token", "hidden").toString())
        .contains("slack.token")
        .doesNotContain("hidden");
  }
}
