package convor.relay.inbox;

import com.fasterxml.jackson.databind.JsonNode;
import convor.relay.store.Deliveries;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.Pairs;
import convor.relay.store.PolledPages;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Function;

/**
 * What the {@code inbox} component works with.
 *
 * @param reader an event's body, parsed as routes get it
 */
public record Inbox(
    Log log,
    List<Organization> organizations,
    DeliveryLimits limits,
    Function<Event, JsonNode> reader,
    InstantSource clock,
    MeterRegistry metrics) {

  /**
   * The stored side of it.
   *
   * @param pages where polled pages go
   * @param pollLease how much longer a poll may go on after a page
   * @param appendTimeout how long {@code inbox:append} waits for a commit
   */
  public record Log(
      GroupCommit events,
      Pairs pairs,
      Deliveries deliveries,
      PolledPages pages,
      Duration pollLease,
      Duration appendTimeout) {}
}
