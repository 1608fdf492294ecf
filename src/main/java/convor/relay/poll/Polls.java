package convor.relay.poll;

import com.fasterxml.jackson.databind.JsonNode;
import convor.relay.inbox.Organization;
import convor.relay.store.Cursors;
import convor.relay.store.Event;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What polls work with; routes know it as {@code polls}.
 *
 * @param organizations all; those with an {@code api.key} are polled
 * @param settings {@code relay.poll.<poll>.*}: by poll, then by parameter; they win over the
 *     route's
 * @param reader an event's body, parsed
 */
public record Polls(
    Cursors cursors,
    List<Organization> organizations,
    Map<String, Map<String, String>> settings,
    Limits limits,
    Function<Event, JsonNode> reader,
    InstantSource clock,
    MeterRegistry metrics) {

  /** The setting that an organization must have to be polled. */
  public static final String KEY = "api.key";

  /**
   * Bounds of all polls.
   *
   * @param lease how long a run may take for one page; then another node may take it over
   * @param threads runs at the same time
   * @param retryAfterDefault the wait after a 429 that names none
   * @param retryAfterMax the longest wait that an API may ask for
   */
  public record Limits(
      Duration lease, int threads, Duration retryAfterDefault, Duration retryAfterMax) {}
}
