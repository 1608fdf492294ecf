package convor.relay.sandbox;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings of a relay that talks to the pretend Convor and the pretend destinations, with all
 * it keeps in one folder and secrets made anew for it.
 *
 * @param properties of the relay, by key
 * @param secrets that sign Convor's events, by organization
 * @param adminToken of the admin port
 */
public record SandboxSettings(
    Map<String, String> properties, Map<String, String> secrets, String adminToken) {

  /**
   * Two organizations: {@code acme} has all connectors, {@code globex} neither Jira nor Slack.
   *
   * @param folder existing, for the relay's store and the reporting database
   * @param webhookPort 8080 unless told
   * @param adminPort 8081 unless told
   */
  public static SandboxSettings create(
      Path folder, int webhookPort, int adminPort, PretendDestinations destinations) {
    Map<String, String> all = new LinkedHashMap<>();
    Map<String, String> secrets = new TreeMap<>();
    String adminToken = random();
    all.put("camel.server.port", String.valueOf(webhookPort));
    all.put("relay.admin.port", String.valueOf(adminPort));
    all.put("relay.admin.token", adminToken);
    all.put("relay.store.url", "jdbc:h2:file:" + folder.resolve("relay").toAbsolutePath());
    all.put("relay.reporting.url", reportingUrl(folder));
    all.put("relay.reporting.username", "sa");
    // Short, so that a retry can be watched.
    all.put("relay.delivery.backoff", "2s,5s,10s,30s,1m");
    for (String poll : new String[] {"conversations", "messages"}) {
      all.put("relay.poll." + poll + ".period", "10s"); // short too
      all.put("relay.poll." + poll + ".grace", "5s");
    }
    for (String org : new String[] {"acme", "globex"}) {
      String prefix = "relay.orgs." + org + '.';
      secrets.put(org, random());
      all.put(prefix + "webhook.scheme", "convor");
      all.put(prefix + "webhook.secrets", secrets.get(org));
      all.put(prefix + "webhook.organization", "org_" + org);
      all.put(prefix + "api.base-url", destinations.url(Destination.CONVOR));
      all.put(prefix + "api.key", random());
      all.put(prefix + "hubspot.base-url", destinations.url(Destination.HUBSPOT));
      all.put(prefix + "hubspot.token", random());
      all.put(prefix + "zendesk.base-url", destinations.url(Destination.ZENDESK));
      all.put(prefix + "zendesk.email", "agent@" + org + ".example");
      all.put(prefix + "zendesk.token", random());
      all.put(prefix + "reporting.enabled", "true");
    }
    all.put(
        "relay.orgs.acme.slack.webhook-url", destinations.url(Destination.SLACK) + "/webhook/acme");
    all.put("relay.orgs.acme.jira.base-url", destinations.url(Destination.JIRA));
    all.put("relay.orgs.acme.jira.email", "dev@acme.example");
    all.put("relay.orgs.acme.jira.token", random());
    all.put("relay.orgs.acme.jira.project", "SUP");
    all.put("relay.orgs.acme.jira.issue-type", "Bug");
    return new SandboxSettings(Map.copyOf(all), Map.copyOf(secrets), adminToken);
  }

  /** Tells no secret. */
  @Override
  public String toString() {
    return "SandboxSettings" + new TreeMap<>(properties).keySet();
  }

  /** An operator has made the reporting table before; here the first connection makes it. */
  private static String reportingUrl(Path folder) {
    return "jdbc:h2:file:"
        + folder.resolve("reporting").toAbsolutePath()
        + ";DB_CLOSE_ON_EXIT=FALSE;INIT=RUNSCRIPT FROM 'classpath:convor/relay/sandbox/reporting.sql'";
  }

  private static String random() {
    byte[] bytes = new byte[24];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
