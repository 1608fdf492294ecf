package convor.relay.app;

import convor.relay.inbox.DeliveryLimits;
import convor.relay.inbox.Organization;
import convor.relay.operate.AdminSettings;
import convor.relay.poll.Polls;
import convor.relay.receive.WebhookLimits;
import convor.relay.store.StoreSettings;
import convor.relay.verify.Source;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the operator decides, read whole and checked whole by {@link SettingsReader}.
 *
 * @param properties every key with its value or default, for placeholders in routes; without the
 *     secrets of sources and the admin token, which no route needs
 * @param routes the folder of the route files
 * @param organizations by name
 * @param sources by organization, then by name; {@code convor} is the one of {@code
 *     relay.orgs.<org>.webhook}
 * @param reporting the operator's database for reports; null if not set
 * @param polls parameters of polls that win over their routes', by poll
 * @param keepEvents how long events are kept
 * @param keepKeys how long a key is known as seen; at least as long as events
 * @param sandbox weak secrets were let through
 * @param warnings what may be meant so but should be looked at
 */
public record Settings(
    Map<String, String> properties,
    AdminSettings admin,
    StoreSettings store,
    Path routes,
    WebhookLimits webhook,
    DeliveryLimits delivery,
    Call call,
    Map<String, Organization> organizations,
    Map<String, Map<String, Source>> sources,
    @Nullable Reporting reporting,
    Polls.Limits pollLimits,
    Map<String, Map<String, String>> polls,
    Duration keepEvents,
    Duration keepKeys,
    boolean sandbox,
    List<String> warnings) {

  /**
   * The source {@code name} of an organization, or null if there is none: the answer is then the
   * same as for a wrong signature.
   */
  public @Nullable Source source(String org, String name) {
    return sources.getOrDefault(org, Map.of()).get(name);
  }

  /** Camel's own keys, {@code camel.*}. */
  public Map<String, String> camel() {
    Map<String, String> camel = new TreeMap<>(properties);
    camel.keySet().removeIf(key -> !key.startsWith("camel."));
    return camel;
  }

  @Override
  public String toString() {
    return "Settings[%s, %s, routes=%s, organizations=%s, sources=%s]"
        .formatted(admin, store, routes, organizations.keySet(), sources.values());
  }

  /**
   * Bounds of an HTTP call to a destination: {@code relay.call.*}.
   *
   * @param timeout from the request to the last byte of the answer
   * @param maxAnswer bytes
   */
  public record Call(Duration connectTimeout, Duration timeout, int maxAnswer) {}

  /** The operator's database for reports: {@code relay.reporting.*}. */
  public record Reporting(String url, @Nullable String username, @Nullable String password) {
    @Override
    public String toString() {
      return "Reporting[]";
    }
  }
}
