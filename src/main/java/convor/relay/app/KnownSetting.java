package convor.relay.app;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One setting. The table of them is the only place that says which keys there are: what is read,
 * what is refused as unknown, the names of environment variables and the documentation come from
 * it.
 *
 * @param key {@code <org>}, {@code <source>} and {@code <poll>} stand for any one name
 * @param byDefault as one would write it; null if there is none
 * @param doc one line
 */
record KnownSetting(String key, @Nullable String byDefault, Kind<?> kind, String doc) {

  static final String ORG = "relay.orgs.<org>.";

  /**
   * All but the entries of schemes and the settings that routes declare: key, default, kind, what
   * it is.
   */
  static final List<KnownSetting> TABLE =
      """
      camel.server.port | 8080 | 0..65535 | Port of the webhooks and of `/health`; 0: any free one
      relay.admin.host | 127.0.0.1 | text | Address of the admin port; one that others can reach needs a token
      relay.admin.port | 8081 | 0..65535 | Port of the admin API, console and metrics; 0: any free one
      relay.admin.token |  | secret | What callers of the admin port show
      relay.routes | routes | text | Folder of the route files; folders inside it are not read
      relay.store.url | jdbc:h2:file:./data/relay | store-url | Database of the events; several nodes share a PostgreSQL
      relay.store.username |  | text | Its user
      relay.store.password |  | password | Its password
      relay.store.pool-size | 10 | 2..1000 | Most connections to it
      relay.kafka.brokers |  | text | Kafka before the store takes the webhooks in, with the routes of `routes/kafka`: `host:port`, several with commas
      relay.kafka.topic | convor-relay | text | Its topic
      relay.append.queue | 10000 | 1..1000000 | Events that may wait for their commit; beyond, 503
      relay.append.batch | 256 | 1..10000 | Most events in one commit
      relay.webhook.max-body | 1MiB | size | Largest body of a request as sent; beyond, 413
      relay.webhook.max-held | 64MiB | size | Most bytes of requests that are being read or handled; beyond, 503
      relay.webhook.max-inflated | 8MiB | size | Largest body after gunzip
      relay.webhook.rejected-kept | 1000 | 0..1000000 | Rejected requests kept for each organization
      relay.webhook.rejected-per-minute | 60 | 0..1000000 | Rejected requests kept each minute for each organization
      relay.webhook.recent-keys | 100000 | 0..100000000 | Committed keys remembered for quick answers to duplicates
      relay.webhook.retry-after | 5s | duration | What a 503 asks the sender to wait
      relay.webhook.workers | 256 | 1..10000 | Threads for requests whose route has steps that wait; the shipped one has none
      relay.delivery.lease | 90s | duration | How long a claimed delivery belongs to its node; longer than every `timeout`
      relay.delivery.backoff | 5s,30s,2m,10m,30m,1h,3h,6h,12h | durations | Waits between attempts; the last one repeats
      relay.delivery.jitter | 0.2 | share | Share by which each wait varies either way
      relay.delivery.park-after | 20 | 1..1000000 | Failures in a row that park a connector for an organization
      relay.delivery.park-probe | 1m | duration | How often a parked one is tried
      relay.delivery.retry-after-default | 30s | duration | Wait after a 429 that names none
      relay.delivery.retry-after-max | 24h | duration | Longest wait that a destination may ask for
      relay.delivery.excerpt | 1KiB | size | How much of a destination's answer is kept
      relay.delivery.poll-interval | 1s | duration | How often the store is asked for due work
      relay.delivery.drain-timeout | 30s | duration | How long a shutdown waits for running deliveries
      relay.call.connect-timeout | 5s | duration | How long a destination may take to accept a connection
      relay.call.timeout | 25s | duration | How long a whole call may take; then its outcome is unknown
      relay.call.max-answer | 8MiB | size | Largest answer that is read
      relay.retention.events | 30d | duration | How long events are kept
      relay.retention.keys | 365d | duration | How long a key is known as seen: the window against duplicates
      relay.reporting.url |  | jdbc-url | Database of the reporting connector
      relay.reporting.username |  | text | Its user
      relay.reporting.password |  | password | Its password
      relay.poll.lease | 2m | duration | How long a poll belongs to its node, for one page; longer than `relay.call.timeout`
      relay.poll.threads | 8 | 1..1000 | Organizations that are polled at the same time, for each poll
      relay.poll.<poll>.path |  | text | This and the following win over the parameters of the route: `routes/poll.camel.yaml` says what they are
      relay.poll.<poll>.kind |  | text | `cursor` or `since`
      relay.poll.<poll>.start |  | text | `now`, `beginning` or a time
      relay.poll.<poll>.period |  | duration | How often the API is asked
      relay.poll.<poll>.page-size |  | 1..1000000 | Records in a page
      relay.poll.<poll>.page-size-max |  | 1..1000000 | Most records in a page while all have one time
      relay.poll.<poll>.max-pages |  | 1..1000000 | Pages of one run
      relay.poll.<poll>.pause |  | duration | Wait before the next run where there is more
      relay.poll.<poll>.overlap |  | duration | How far before the newest time a run begins again
      relay.poll.<poll>.grace |  | duration | How old a record must be before its webhook counts as missed
      relay.poll.<poll>.limit-param |  | text | Name of the query's parameter with the number of records
      relay.poll.<poll>.cursor-param |  | text | Name of the one with the cursor
      relay.poll.<poll>.since-param |  | text | Name of the one with the lower bound in time
      relay.poll.<poll>.until-param |  | text | Name of the one with the upper bound
      relay.poll.<poll>.items |  | text | Where an answer has its records, a JSON pointer
      relay.poll.<poll>.next |  | text | Where it has the next cursor
      relay.poll.<poll>.more |  | text | Where it has whether there is more
      relay.poll.<poll>.id |  | text | Where a record has its id, a JSON pointer
      relay.poll.<poll>.version |  | text | Where it has its version
      relay.poll.<poll>.time |  | text | Where it has its time, if not its version
      relay.poll.<poll>.time-format |  | text | `iso`, `seconds` or `millis`
      relay.poll.<poll>.incomplete |  | text | What a record without these does: `stop` or `skip`
      relay.poll.<poll>.subject |  | text | What a record is, such as `conversation`
      relay.poll.<poll>.type |  | text | Type of the events
      relay.poll.<poll>.in-event |  | text | Where a webhook's event has such a record, a JSON pointer
      relay.orgs.<org>.api.base-url | https://api.convor.io | url | Convor's API, for polling
      relay.orgs.<org>.api.key |  | password | Its key; without one the organization is not polled
      relay.orgs.<org>.webhook.scheme | convor | text | How Convor signs its webhooks to `/webhooks/<org>`
      relay.orgs.<org>.webhook.secrets |  | secrets | With which secrets: any of them (rotation)
      relay.orgs.<org>.webhook.require-timestamp | false | flag | Refuse what is signed without a time
      relay.orgs.<org>.webhook.organization |  | text | Convor's id of the organization; a body that names another is refused
      relay.orgs.<org>.sources.<source>.scheme |  | text | The same for another source, at `/webhooks/<org>/<source>`
      relay.orgs.<org>.sources.<source>.secrets |  | secrets | Its secrets
      relay.orgs.<org>.sources.<source>.require-timestamp | false | flag | Refuse what is signed without a time
      relay.orgs.<org>.sources.<source>.organization |  | text | The source's id of the organization
      """
          .lines()
          .map(row -> row.split("\\|", -1))
          .map(
              cells ->
                  of(
                      cells[0].strip(),
                      cells[1].strip(),
                      Kind.named(cells[2].strip()),
                      cells[3].strip()))
          .toList();

  private static KnownSetting of(String key, String byDefault, Kind<?> kind, String doc) {
    return new KnownSetting(key, byDefault.isEmpty() ? null : byDefault, kind, doc);
  }

  /** The entry of a scheme, replaced for one source. */
  static KnownSetting schemeEntry(String source, String entry) {
    return of(ORG + source + "." + entry, "", Kind.TEXT, "The scheme's entry");
  }

  /** A setting that a route declares, by its key below the organization. */
  static KnownSetting ofConnector(String key) {
    return of(ORG + key, "", Kind.ofConnectorSetting(key), "Declared by a route");
  }

  /** The key's spelling as an environment variable. */
  static String environmentName(String key) {
    return key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
  }

  boolean isFixed() {
    return !key.contains("<");
  }

  boolean matches(String given) {
    return Pattern.matches(asPattern(key, "[^.]+"), given);
  }

  /**
   * Matches the names of its environment variables, with a group for each part of the key that
   * stands for a name.
   */
  Pattern environmentPattern() {
    return Pattern.compile(asPattern(environmentName(key), "([A-Z0-9_]+?)"));
  }

  /** Its key, with the names that another key has in the same places: for a suggestion. */
  String likeIn(String given) {
    String[] theirs = given.split("\\.", -1);
    String[] parts = key.split("\\.", -1);
    for (int i = 0; i < Math.min(parts.length, theirs.length); i++) {
      parts[i] = parts[i].startsWith("<") ? theirs[i] : parts[i];
    }
    return String.join(".", parts);
  }

  private static String asPattern(String key, String name) {
    return Pattern.compile("<\\w+>")
        .splitAsStream(key)
        .map(Pattern::quote)
        .collect(Collectors.joining(name));
  }

  /** The settings as a table in Markdown, for docs/settings.md. */
  static String markdown() {
    String rows =
        TABLE.stream()
            .map(
                known ->
                    "| `%s` | %s | %s | %s |\n"
                        .formatted(
                            known.key,
                            known.byDefault == null ? "" : "`" + known.byDefault + "`",
                            known.kind.name(),
                            known.doc))
            .collect(Collectors.joining());
    return "| key | default | value | what it is |\n|---|---|---|---|\n" + rows;
  }
}
