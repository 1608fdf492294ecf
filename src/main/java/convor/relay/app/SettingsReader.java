package convor.relay.app;

import static java.util.Objects.requireNonNullElse;

import convor.relay.inbox.DeliveryLimits;
import convor.relay.inbox.Organization;
import convor.relay.operate.AdminSettings;
import convor.relay.poll.Polls;
import convor.relay.receive.WebhookLimits;
import convor.relay.store.StoreSettings;
import convor.relay.verify.Scheme;
import convor.relay.verify.Schemes;
import convor.relay.verify.Source;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code application.properties} and the environment, whole, and finds everything that is
 * wrong with them and with what the route files say of settings.
 *
 * <p>Every key can be given as an environment variable too ({@code RELAY_STORE_URL}), which wins
 * over the file. In the file, <code>{{env:NAME}}</code>, <code>{{env:NAME:default}}</code> and
 * <code>{{file:PATH}}</code> stand for a variable and for the trimmed content of a file. An empty
 * variable counts as not set. Relative paths are relative to the working directory.
 */
public final class SettingsReader {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_-]*");
  private static final Pattern ORG_KEY = Pattern.compile("relay\\.orgs\\.([^.]+)\\.(.+)");
  private static final Pattern SOURCE_KEY =
      Pattern.compile("relay\\.orgs\\.([^.]+)\\.sources\\.([^.]+)\\..+");
  private static final Pattern POLL_KEY = Pattern.compile("relay\\.poll\\.([^.]+)\\.(.+)");
  private static final Pattern NOT_A_SECRET =
      Pattern.compile(
          "(?i)([-_ ]?(change|me|my|your|the|secret|password|token|key|example|todo|x{3,}|\\.{3}|…))+|.*<.*>.*");
  private static final Pattern LOOPBACK = Pattern.compile("localhost|127\\.[0-9.]+|\\[?::1]?");
  private static final int SHORTEST_SECRET = 16;

  private final Given given;
  private final boolean sandbox;
  private final List<KnownSetting> known = new ArrayList<>(KnownSetting.TABLE);
  private final RouteFiles routes;
  private final Settings settings;

  /**
   * Reads everything; throws nothing for what is wrong.
   *
   * @param sandbox lets weak secrets and unset environment variables through
   */
  public SettingsReader(Path file, Map<String, String> environment, boolean sandbox) {
    this.sandbox = sandbox;
    given = new Given(file, environment, sandbox);
    Path folder = Path.of(requireNonNullElse(property("relay.routes"), "routes"));
    routes = RouteFiles.scan(folder, this::property);
    for (String entry : Schemes.entryNames()) {
      known.add(KnownSetting.schemeEntry("webhook", entry));
      known.add(KnownSetting.schemeEntry("sources.<source>", entry));
    }
    routes.settings().forEach(key -> known.add(KnownSetting.ofConnector(key)));
    given.readEnvironment(known);
    given.values().forEach(this::check);
    given.broken().stream()
        .filter(key -> isOurs(key) && find(key).isEmpty())
        .forEach(this::unknown);
    given.problems().addAll(routes.problems());
    settings = assemble(folder);
  }

  /**
   * The settings.
   *
   * @throws SettingsException with all problems, if there is one
   */
  public Settings settings() {
    if (!given.problems().isEmpty()) {
      throw new SettingsException(given.problems());
    }
    return settings;
  }

  /**
   * What can be used of the settings, whatever is wrong with others: for a command that needs a
   * part.
   */
  public Settings usable() {
    return settings;
  }

  /** Everything that is wrong, one line each. */
  public List<String> problems() {
    return List.copyOf(given.problems());
  }

  /** What the route files say, whatever is wrong with the settings. */
  public RouteFiles routes() {
    return routes;
  }

  /** What routes may use as placeholders, whatever is wrong: {@link Settings#properties}. */
  public Map<String, String> properties() {
    return settings.properties();
  }

  // ---- each value by itself

  private void check(String key, String value) {
    if (Given.sameCamelKey(key, "camel.server.static-enabled")
        && !value.equalsIgnoreCase("false")) {
      given.problem(key, "would serve the working directory, secrets included; remove it");
    }
    if (isOurs(key)) {
      find(key).ifPresentOrElse(found -> checkValue(key, value, found.kind()), () -> unknown(key));
    }
  }

  private static boolean isOurs(String key) {
    return key.startsWith("relay.") || key.equals("camel.server.port");
  }

  private Optional<KnownSetting> find(String key) {
    return known.stream().filter(candidate -> candidate.matches(key)).findFirst();
  }

  private void unknown(String key) {
    String nearest =
        Nearest.to(key, known.stream().map(candidate -> candidate.likeIn(key)).toList())
            .orElseThrow();
    String undeclared =
        ORG_KEY.matcher(key).matches()
            ? " (a connector's setting is declared by its route: requires, optional)"
            : "";
    given.problem(key, "is unknown; nearest is " + nearest + undeclared);
  }

  private void checkValue(String key, String value, Kind<?> kind) {
    if (value.isBlank()) {
      return;
    }
    try {
      kind.parse(value);
    } catch (IllegalArgumentException e) {
      given.problem(key, String.valueOf(e.getMessage()));
      return;
    }
    if (kind.equals(Kind.URL) && !sandbox) {
      URI url = URI.create(value);
      if ("http".equals(url.getScheme()) && !LOOPBACK.matcher(url.getHost()).matches()) {
        given
            .warnings()
            .add(key + ": is http: tokens and customers' data travel in the clear; write https");
      }
    }
    if (kind.isSecret() && !sandbox) {
      List<String> secrets = kind.equals(Kind.SECRETS) ? Kind.list(value) : List.of(value);
      secrets.stream()
          .flatMap(secret -> weakness(secret, kind).stream())
          .distinct()
          .forEach(weak -> given.problem(key, weak));
    }
  }

  private static Optional<String> weakness(String secret, Kind<?> kind) {
    if (NOT_A_SECRET.matcher(secret).matches() || secret.chars().distinct().count() == 1) {
      return Optional.of("is a placeholder; put the real one, as {{env:NAME}} or {{file:PATH}}");
    }
    String core = secret.startsWith("whsec_") ? secret.substring("whsec_".length()) : secret;
    if (!kind.equals(Kind.PASSWORD)
        && (core.length() < SHORTEST_SECRET || core.chars().distinct().count() < 5)) {
      return Optional.of(
          "is too weak; use at least "
              + SHORTEST_SECRET
              + " random characters, such as from: openssl rand -hex 32");
    }
    return Optional.empty();
  }

  // ---- all of them together

  private Settings assemble(Path folder) {
    AdminSettings admin =
        new AdminSettings(
            required("relay.admin.host", Kind.TEXT),
            required("relay.admin.port", Kind.INTEGER),
            given.value("relay.admin.token"));
    if (admin.token() == null && !LOOPBACK.matcher(admin.host()).matches()) {
      missing("relay.admin.token", "others can reach relay.admin.host, so set a token");
    }
    if (admin.port() != 0 && admin.port() == required("camel.server.port", Kind.INTEGER)) {
      given.problem(
          "relay.admin.port",
          "is the port of the webhooks too; choose one that differs from camel.server.port");
    }
    StoreSettings store =
        new StoreSettings(
            required("relay.store.url", Kind.TEXT),
            given.value("relay.store.username"),
            given.value("relay.store.password"),
            required("relay.store.pool-size", Kind.INTEGER),
            required("relay.append.queue", Kind.INTEGER),
            required("relay.append.batch", Kind.INTEGER));
    Duration keepEvents = required("relay.retention.events", Kind.DURATION);
    Duration keepKeys = required("relay.retention.keys", Kind.DURATION);
    if (keepKeys.compareTo(keepEvents) < 0) {
      given.problem(
          "relay.retention.keys",
          "is shorter than relay.retention.events; make it as long or longer");
    }
    Map<String, Organization> organizations = new TreeMap<>();
    Map<String, Map<String, Source>> sources = new TreeMap<>();
    for (String org : names(ORG_KEY, 1, "")) {
      if (isName("relay.orgs." + org, "an organization", org)) {
        organizations.put(org, organization(org));
        sources.put(org, sources(org));
      }
    }
    if (organizations.isEmpty()) {
      given
          .warnings()
          .add("relay.orgs: no organization is configured; every webhook will be answered 401");
    }
    return new Settings(
        properties(organizations.values()),
        admin,
        store,
        folder,
        webhookLimits(),
        deliveryLimits(),
        new Settings.Call(
            required("relay.call.connect-timeout", Kind.DURATION),
            required("relay.call.timeout", Kind.DURATION),
            required("relay.call.max-answer", Kind.SIZE)),
        Map.copyOf(organizations),
        Map.copyOf(sources),
        reporting(organizations.values()),
        pollLimits(),
        polls(),
        keepEvents,
        keepKeys,
        sandbox,
        List.copyOf(given.warnings()));
  }

  private WebhookLimits webhookLimits() {
    WebhookLimits limits =
        new WebhookLimits(
            required("relay.webhook.max-body", Kind.SIZE),
            required("relay.webhook.max-held", Kind.SIZE),
            required("relay.webhook.max-inflated", Kind.SIZE),
            required("relay.webhook.rejected-kept", Kind.INTEGER),
            required("relay.webhook.rejected-per-minute", Kind.INTEGER),
            required("relay.webhook.recent-keys", Kind.INTEGER),
            required("relay.webhook.retry-after", Kind.DURATION),
            required("relay.webhook.workers", Kind.INTEGER));
    if (limits.maxHeld() < 2L * limits.maxBody()) {
      given.problem(
          "relay.webhook.max-held",
          "has no room for two of relay.webhook.max-body; make it twice as large or larger");
    }
    if (limits.maxInflated() < limits.maxBody()) {
      given.problem(
          "relay.webhook.max-inflated",
          "is smaller than relay.webhook.max-body; make it as large or larger");
    }
    return limits;
  }

  private DeliveryLimits deliveryLimits() {
    DeliveryLimits limits =
        new DeliveryLimits(
            required("relay.delivery.lease", Kind.DURATION),
            required("relay.delivery.backoff", Kind.DURATIONS),
            required("relay.delivery.jitter", Kind.SHARE),
            required("relay.delivery.park-after", Kind.INTEGER),
            required("relay.delivery.park-probe", Kind.DURATION),
            required("relay.delivery.retry-after-default", Kind.DURATION),
            required("relay.delivery.retry-after-max", Kind.DURATION),
            required("relay.delivery.excerpt", Kind.SIZE),
            required("relay.delivery.poll-interval", Kind.DURATION),
            required("relay.delivery.drain-timeout", Kind.DURATION));
    for (RouteFiles.Connector connector : routes.connectors()) {
      if (connector.timeout().compareTo(limits.lease()) >= 0) {
        given.problem(
            connector.at(),
            "timeout is not shorter than relay.delivery.lease; shorten it or lengthen the lease");
      }
    }
    return limits;
  }

  private Polls.Limits pollLimits() {
    Duration lease = required("relay.poll.lease", Kind.DURATION);
    if (lease.compareTo(required("relay.call.timeout", Kind.DURATION)) <= 0) {
      given.problem(
          "relay.poll.lease",
          "is not longer than relay.call.timeout: another run would start while one waits for its page; lengthen it");
    }
    return new Polls.Limits(
        lease,
        required("relay.poll.threads", Kind.INTEGER),
        required("relay.delivery.retry-after-default", Kind.DURATION),
        required("relay.delivery.retry-after-max", Kind.DURATION));
  }

  /** By poll, the parameters that are set here. */
  private Map<String, Map<String, String>> polls() {
    Map<String, Map<String, String>> polls = new TreeMap<>();
    given
        .values()
        .forEach(
            (key, value) -> {
              Matcher matcher = POLL_KEY.matcher(key);
              if (matcher.matches() && !value.isBlank()) {
                String poll = matcher.group(1);
                polls.computeIfAbsent(poll, name -> new TreeMap<>()).put(matcher.group(2), value);
              }
            });
    for (String poll : polls.keySet()) {
      if (!routes.polls().contains(poll)) {
        given.problem(
            "relay.poll." + poll,
            "no route file has such a poll"
                + Nearest.to(poll, routes.polls()).map(near -> "; nearest is " + near).orElse(""));
      }
    }
    return polls;
  }

  private Settings.@Nullable Reporting reporting(Collection<Organization> organizations) {
    String url = given.value("relay.reporting.url");
    if (url == null) {
      organizations.stream()
          .filter(org -> org.has("reporting.enabled"))
          .findFirst()
          .ifPresent(
              org ->
                  missing(
                      "relay.reporting.url",
                      "relay.orgs." + org.name() + ".reporting.enabled needs it"));
      return null;
    }
    return new Settings.Reporting(
        url, given.value("relay.reporting.username"), given.value("relay.reporting.password"));
  }

  private Organization organization(String org) {
    Map<String, String> settings = new TreeMap<>(routes.defaults());
    settings.put("api.base-url", required(KnownSetting.ORG + "api.base-url", Kind.TEXT));
    String prefix = "relay.orgs." + org + ".";
    given
        .values()
        .forEach(
            (key, value) -> {
              if (key.startsWith(prefix) && !value.isBlank()) {
                settings.put(key.substring(prefix.length()), value);
              }
            });
    settings.keySet().removeIf(key -> key.startsWith("webhook.") || key.startsWith("sources."));
    return new Organization(org, settings);
  }

  private Map<String, Source> sources(String org) {
    String prefix = "relay.orgs." + org + ".";
    Set<String> named = names(SOURCE_KEY, 2, prefix);
    boolean webhook = !names(ORG_KEY, 2, prefix + "webhook.").isEmpty();
    if (!webhook && named.isEmpty() && given.value(prefix + "api.key") == null) {
      missing(
          prefix + "webhook.secrets",
          "nothing can come in for this organization; set them, or a source or an api.key");
    }
    Map<String, Source> sources = new TreeMap<>();
    if (webhook) {
      source(org, "convor", prefix + "webhook.").ifPresent(source -> sources.put("convor", source));
    }
    for (String name : named) {
      String at = prefix + "sources." + name;
      if (name.equals("convor")) {
        given.problem(at, "the source convor is set as " + prefix + "webhook");
      } else if (isName(at, "a source", name)) {
        source(org, name, at + ".").ifPresent(source -> sources.put(name, source));
      }
    }
    return Map.copyOf(sources);
  }

  private Optional<Source> source(String org, String name, String prefix) {
    Collection<String> schemes = Schemes.names();
    String schemeName = given.value(prefix + "scheme");
    if (schemeName == null && name.equals("convor")) {
      schemeName = "convor";
    }
    if (schemeName == null) {
      missing(prefix + "scheme", "choose one of " + String.join(", ", schemes));
    } else if (!schemes.contains(schemeName)) {
      given.problem(
          prefix + "scheme",
          "is no scheme; nearest is %s, of %s"
              .formatted(
                  Nearest.to(schemeName, schemes).orElseThrow(), String.join(", ", schemes)));
    }
    List<String> secrets = Kind.list(requireNonNullElse(given.value(prefix + "secrets"), ""));
    if (secrets.isEmpty()) {
      missing(
          prefix + "secrets",
          "without one nothing can be verified; write {{env:NAME}} or {{file:PATH}}");
    }
    if (schemeName == null || !schemes.contains(schemeName) || secrets.isEmpty()) {
      return Optional.empty();
    }
    Map<String, String> entries = new TreeMap<>();
    for (String entry : Schemes.entryNames()) {
      String value = given.values().get(prefix + entry);
      if (value != null) {
        entries.put(entry, value);
      }
    }
    try {
      Scheme scheme = Schemes.named(schemeName, entries);
      boolean requireTimestamp = "true".equalsIgnoreCase(given.value(prefix + "require-timestamp"));
      return Optional.of(
          new Source(
              org, name, scheme, secrets, requireTimestamp, given.value(prefix + "organization")));
    } catch (IllegalArgumentException e) { // each line names an entry first
      String.valueOf(e.getMessage()).lines().forEach(line -> given.problems().add(prefix + line));
      return Optional.empty();
    }
  }

  private Map<String, String> properties(Collection<Organization> organizations) {
    Map<String, String> all = new TreeMap<>();
    for (KnownSetting setting : KnownSetting.TABLE) {
      if (setting.isFixed() && setting.byDefault() != null) {
        all.put(setting.key(), setting.byDefault());
      }
    }
    given
        .values()
        .forEach(
            (key, value) -> {
              if (!value.isBlank()) {
                all.put(key, value);
              }
            });
    for (Organization org : organizations) {
      org.settings()
          .forEach((key, value) -> all.put("relay.orgs." + org.name() + "." + key, value));
    }
    for (KnownSetting setting : known) {
      if (setting.kind().equals(Kind.SECRETS) || setting.kind().equals(Kind.TOKEN)) {
        all.keySet().removeIf(setting::matches);
      }
    }
    return Map.copyOf(all);
  }

  // ---- looking up

  private @Nullable String property(String key) {
    if (key.startsWith("sys:")) {
      return System.getProperty(key.substring("sys:".length()));
    }
    String value = given.early(key);
    return value != null ? value : byDefault(key);
  }

  /** The value or the default; the default also where the value was found wrong. */
  private <T> T required(String key, Kind<T> kind) {
    String byDefault = byDefault(key);
    if (byDefault == null) {
      throw new IllegalStateException(key + " has no default");
    }
    try {
      return kind.parse(requireNonNullElse(given.value(key), byDefault));
    } catch (IllegalArgumentException e) {
      return kind.parse(byDefault);
    }
  }

  private static @Nullable String byDefault(String key) {
    for (KnownSetting setting : KnownSetting.TABLE) {
      if (setting.key().equals(key)) {
        return setting.byDefault();
      }
    }
    return null;
  }

  private Set<String> names(Pattern pattern, int group, String prefix) {
    Set<String> names = new TreeSet<>();
    for (Collection<String> keys : List.of(given.values().keySet(), given.broken())) {
      for (String key : keys) {
        Matcher matcher = pattern.matcher(key);
        if (key.startsWith(prefix) && matcher.matches()) {
          names.add(matcher.group(group));
        }
      }
    }
    return names;
  }

  private boolean isName(String key, String what, String name) {
    boolean right = NAME.matcher(name).matches();
    if (!right) {
      given.problem(
          key,
          "is no name for "
              + what
              + "; use a to z, 0 to 9, - and _, beginning with a letter or digit");
    }
    return right;
  }

  private void missing(String key, String why) {
    if (!given.broken().contains(key)) {
      given.problem(key, "is missing; " + why);
    }
  }
}
