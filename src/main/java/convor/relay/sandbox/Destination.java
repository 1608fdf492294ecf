package convor.relay.sandbox;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * A service that the sandbox pretends to be. Its wire name is also its path prefix: {@code
 * /hubspot/…}. All but one are where events arrive; {@link #CONVOR} is where they come from: its
 * API, which the relay asks.
 */
public enum Destination {
  HUBSPOT,
  ZENDESK,
  JIRA,
  SLACK,
  CONVOR;

  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<Destination> named(String wireName) {
    return Arrays.stream(values()).filter(d -> d.wireName().equals(wireName)).findFirst();
  }
}
