package convor.relay.inbox;

import convor.relay.store.Claim;
import convor.relay.store.Deliveries;
import convor.relay.store.Pair;
import convor.relay.store.StoreUnavailable;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.support.DefaultConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connector's route, fed from the log. */
final class InboxConsumer extends DefaultConsumer {
  private static final Logger log = LoggerFactory.getLogger(InboxConsumer.class);

  private final Subscription subscription;
  private final Inbox inbox;
  private final List<Organization> subscribed;
  private @Nullable Dispatcher dispatcher;

  InboxConsumer(
      InboxEndpoint endpoint, Processor processor, Subscription subscription, Inbox inbox) {
    super(endpoint, processor);
    this.subscription = subscription;
    this.inbox = inbox;
    this.subscribed = subscribed(subscription, inbox.organizations());
  }

  private static List<Organization> subscribed(
      Subscription subscription, List<Organization> organizations) {
    List<Organization> subscribed = new ArrayList<>();
    for (Organization organization : organizations) {
      String why = subscription.notSubscribed(organization);
      if (why == null) {
        subscribed.add(organization);
      } else {
        log.info(
            "connector={} org={} not subscribed: {}",
            subscription.connector(),
            organization.name(),
            why);
      }
    }
    return subscribed;
  }

  @Override
  protected void doInit() throws Exception {
    super.doInit();
    if (subscription.pace().timeout().compareTo(inbox.limits().lease()) >= 0) {
      throw new IllegalArgumentException(
          "inbox:%s: timeout=%s is not shorter than relay.delivery.lease=%s: another attempt would start while one runs"
              .formatted(
                  subscription.connector(), subscription.pace().timeout(), inbox.limits().lease()));
    }
    // Known to the log before any route starts to receive: the first event is not missed.
    for (Organization organization : subscribed) {
      inbox
          .log()
          .pairs()
          .register(
              new Pair(subscription.connector(), organization.name()),
              subscription.pace().fromEarliest(),
              subscription.fingerprint(organization),
              inbox.clock().instant());
    }
  }

  @Override
  protected void doStart() throws Exception {
    super.doStart();
    Dispatcher started = new Dispatcher(subscription, subscribed, inbox, this::attempt);
    inbox.log().events().onAppended(started);
    dispatcher = started;
    started.start();
  }

  /** The relay is about to stop. */
  void drain() {
    if (dispatcher != null) {
      dispatcher.drain();
    }
  }

  @Override
  protected void doSuspend() throws Exception {
    if (dispatcher != null) {
      dispatcher.pauseClaiming(true);
    }
    super.doSuspend();
  }

  @Override
  protected void doResume() throws Exception {
    super.doResume();
    if (dispatcher != null) {
      dispatcher.pauseClaiming(false);
    }
  }

  @Override
  protected void doStop() throws Exception {
    if (dispatcher != null) {
      inbox.log().events().offAppended(dispatcher);
      dispatcher.stop();
      dispatcher = null;
    }
    super.doStop();
  }

  private Outcome attempt(Claim claim, Organization organization) {
    Subscription.Pace pace = subscription.pace();
    boolean newest = pace.ordering() == Subscription.Ordering.NEWEST;
    try {
      String skipped = skipped(claim, newest, pace.byVersion());
      if (skipped != null) {
        return Outcome.of(Outcome.Kind.DONE, skipped);
      }
    } catch (StoreUnavailable e) {
      return Outcome.of(Outcome.Kind.RETRY, e.getMessage());
    }
    Outcome outcome = route(claim, organization);
    try {
      if (newest && outcome.kind() == Outcome.Kind.DONE) {
        // Before it is settled: a crash between the two makes it run again, never run unremembered.
        inbox.log().deliveries().rememberVersion(claim, inbox.clock().instant());
      }
      return outcome;
    } catch (StoreUnavailable e) {
      return Outcome.of(Outcome.Kind.UNKNOWN, e.getMessage());
    }
  }

  /** Why there is nothing to do for the connector; null if there is. */
  private @Nullable String skipped(Claim claim, boolean newest, boolean byVersion) {
    Deliveries deliveries = inbox.log().deliveries();
    String stale =
        newest
            ? deliveries
                .newerVersion(claim)
                .map(newer -> "stale: version " + newer + " is done already")
                .orElse(null)
            : null;
    return stale == null && byVersion
        ? deliveries
            .sameVersion(claim)
            .map(event -> "the same version as event " + event)
            .orElse(null)
        : stale;
  }

  private Outcome route(Claim claim, Organization organization) {
    Exchange exchange = createExchange(false);
    try {
      Attempt.fill(exchange, claim, subscription.settings(organization), inbox);
      createUoW(exchange);
      getProcessor().process(exchange);
    } catch (Exception | Error e) {
      exchange.setException(e);
    }
    try {
      return Attempt.outcome(exchange, organization, inbox.limits(), inbox.clock().instant());
    } catch (RuntimeException e) {
      return Outcome.of(
          Outcome.Kind.RETRY,
          "what the route set in the Relay headers cannot be read: "
              + e.getClass().getSimpleName());
    } finally {
      doneUoW(exchange);
      releaseExchange(exchange, false);
    }
  }
}
