package convor.relay.inbox;

import convor.relay.store.Rate;
import convor.relay.store.Selection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A connector's subscription to the log: the options of {@code from: inbox:<connector>}, checked.
 *
 * @param requires settings that an organization must have to be subscribed
 * @param optional settings that the route reads besides, with their defaults (empty for none)
 * @param orgs the only organizations to subscribe; empty for all
 */
public record Subscription(
    String connector,
    TypePatterns types,
    String requires,
    Map<String, String> optional,
    List<String> orgs,
    Pace pace) {

  /**
   * How fast and how long it tries.
   *
   * @param concurrency attempts at the same time
   * @param ordering of the events of one subject
   * @param byVersion an event is skipped whose subject and version an earlier one had
   * @param fromEarliest a new subscription starts with the oldest stored event, not behind the
   *     newest
   * @param timeout of one attempt
   * @param giveUpAfter a delivery that still fails this long after its first attempt is dead
   */
  public record Pace(
      int concurrency,
      Ordering ordering,
      boolean byVersion,
      @Nullable Rate rate,
      boolean fromEarliest,
      Duration timeout,
      Duration giveUpAfter) {

    /** Whether a later event of a subject waits for the earlier one. */
    boolean bySubject() {
      return ordering != Ordering.NONE || byVersion;
    }
  }

  /** What an event has to do with the others of its subject. */
  public enum Ordering {
    NONE,
    /** A later one waits until the earlier one is done or dead. */
    SUBJECT,
    /** Besides, one whose version is older than one that is done is done without an attempt. */
    NEWEST
  }

  static List<String> list(String commaList) {
    List<String> items = new ArrayList<>();
    for (String item : commaList.split(",", -1)) {
      if (!item.isBlank()) {
        items.add(item.strip());
      }
    }
    return items;
  }

  /** {@code a.b, c.d=default} */
  static Map<String, String> defaults(String commaList) {
    Map<String, String> defaults = new LinkedHashMap<>();
    for (String item : list(commaList)) {
      int equals = item.indexOf('=');
      defaults.put(
          equals < 0 ? item : item.substring(0, equals).strip(),
          equals < 0 ? "" : item.substring(equals + 1).strip());
    }
    return defaults;
  }

  Selection selection(DeliveryLimits limits) {
    return new Selection(types, pace.bySubject(), pace.rate(), limits.lease(), limits.parkProbe());
  }

  /** Why the organization is not subscribed, or null if it is. */
  public @Nullable String notSubscribed(Organization organization) {
    if (!orgs.isEmpty() && !orgs.contains(organization.name())) {
      return "not in `orgs`";
    }
    String missing = organization.missing(requires);
    return missing == null ? null : missing.replaceAll("\\s*\\|\\s*", " or ") + " is not set";
  }

  /** A regular expression that a whole type matches if the connector takes it. */
  public String typesRegex() {
    return types.regex();
  }

  /** The organization's values of the settings that the connector declares. */
  Map<String, String> settings(Organization organization) {
    Map<String, String> values = new TreeMap<>();
    optional.forEach(
        (key, standard) -> {
          String value = organization.settings().get(key);
          values.put(key, value == null ? standard : value);
        });
    for (String key : requires.split("[,|]", -1)) {
      String value = organization.settings().get(key.strip());
      if (value != null) {
        values.put(key.strip(), value);
      }
    }
    return values;
  }

  /** Differs when a setting of the destination changes; tells nothing of the settings. */
  String fingerprint(Organization organization) {
    return Organization.fingerprint(settings(organization));
  }
}
