package convor.relay.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.zaxxer.hikari.HikariDataSource;
import convor.relay.inbox.CallLimits;
import convor.relay.inbox.Inbox;
import convor.relay.inbox.InboxComponent;
import convor.relay.inbox.InboxEndpoint;
import convor.relay.inbox.Organization;
import convor.relay.inbox.RecordHeaders;
import convor.relay.inbox.Subscription;
import convor.relay.operate.AdminApi;
import convor.relay.operate.AdminServer;
import convor.relay.operate.CursorsApi;
import convor.relay.operate.Health;
import convor.relay.operate.Metrics;
import convor.relay.operate.Retention;
import convor.relay.poll.Polls;
import convor.relay.receive.Answer;
import convor.relay.receive.RawBody;
import convor.relay.receive.Rejections;
import convor.relay.receive.SettleRecords;
import convor.relay.receive.StoredKeys;
import convor.relay.receive.VerifySignature;
import convor.relay.receive.WebhookEngine;
import convor.relay.receive.WebhookServer;
import convor.relay.store.Backlogs;
import convor.relay.store.ByHand;
import convor.relay.store.Cursors;
import convor.relay.store.Database;
import convor.relay.store.Deliveries;
import convor.relay.store.Event;
import convor.relay.store.GroupCommit;
import convor.relay.store.Ledger;
import convor.relay.store.Pair;
import convor.relay.store.Pairs;
import convor.relay.store.PolledPages;
import convor.relay.store.RejectedLog;
import convor.relay.store.StoreUnavailable;
import convor.relay.store.Subscribed;
import convor.relay.verify.Bodies;
import convor.relay.verify.Schemes;
import convor.relay.verify.Source;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.camel.CamelConfiguration;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.LoggingLevel;
import org.apache.camel.Route;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.http.HttpComponent;
import org.apache.camel.component.platform.http.PlatformHttpComponent;
import org.apache.camel.component.platform.http.PlatformHttpConstants;
import org.apache.camel.main.Main;
import org.apache.camel.model.errorhandler.DefaultErrorHandlerDefinition;
import org.apache.camel.spi.HeaderFilterStrategy;
import org.apache.camel.support.DefaultHeaderFilterStrategy;
import org.jspecify.annotations.Nullable;

/** Every object of the relay, built in the order in which an event meets it. */
public final class Wiring {
  private static final Duration REPORTING_CONNECT = Duration.ofSeconds(5);
  private static final Duration APPEND = Duration.ofSeconds(10);

  /** Of the bean; no name that a route file would take. */
  private static final String HEALTH = "relay-health";

  private Wiring() {}

  /**
   * Opens the store, reads the routes meanwhile, and puts everything together; nothing runs before
   * {@link Relay#start}.
   *
   * @throws convor.relay.store.StoreUnavailable if the store cannot be opened
   */
  public static Relay relay(Settings settings, InstantSource clock) {
    return relay(settings, clock, AdminServer.Pages.NONE);
  }

  /**
   * As {@link #relay(Settings, InstantSource)}, with more pages on the admin port.
   *
   * @throws convor.relay.store.StoreUnavailable if the store cannot be opened
   */
  public static Relay relay(Settings settings, InstantSource clock, AdminServer.Pages pages) {
    Main camel = new Main();
    Relay relay = new Relay(camel, settings);
    try {
      wire(camel, relay, settings, clock, pages);
      return relay;
    } catch (RuntimeException e) {
      relay.abandon();
      throw e;
    }
  }

  private static void wire(
      Main camel, Relay relay, Settings settings, InstantSource clock, AdminServer.Pages pages) {
    PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    CompletableFuture<Database> opening =
        CompletableFuture.supplyAsync(
            () -> Database.open(settings.store()), task -> new Thread(task, "store").start());
    relay.closing(() -> closeOnceOpened(opening));
    ExecutorService pollThreads =
        Executors.newCachedThreadPool(task -> new Thread(task, "poll")); // as many as are claimed
    relay.closing(pollThreads::shutdownNow);
    Vertx vertx = WebhookServer.vertx(settings.webhook(), () -> isStarted(camel));
    relay.closing(
        () -> vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS));
    WebhookEngine http = new WebhookEngine();
    camel.bind("vertx", vertx);
    camel.bind(PlatformHttpConstants.PLATFORM_HTTP_ENGINE_NAME, http);
    camel.bind("reporting", relay.closing(reporting(settings.reporting())));
    camel.bind("recordHeaders", new RecordHeaders());
    camel.bind("pollThreads", pollThreads);
    readRoutes(camel, relay, settings);

    // the store
    Database database = opened(opening);
    GroupCommit events = relay.closing(new GroupCommit(database, settings.store()));
    Pairs pairs = new Pairs(database);
    Deliveries deliveries = new Deliveries(database);
    deliveries.expireLeases();
    Cursors cursors = new Cursors(database);
    cursors.expireLeases();
    relay.closing(database.onAppendedElsewhere(events::wake));

    relay.closing(
        new Retention(database, pairs, settings.keepEvents(), settings.keepKeys(), clock));

    // receiving
    Rejections rejections =
        relay.closing(
            new Rejections(
                new RejectedLog(database), settings.webhook(), settings.sources(), metrics, clock));
    http.setHandlers(List.of(new RawBody(settings.webhook(), rejections)));
    StoredKeys storedKeys = new StoredKeys(settings.webhook());

    SettleRecords settleRecords = new SettleRecords(rejections, metrics, clock);

    // polling
    List<Organization> organizations = List.copyOf(settings.organizations().values());
    Function<Event, JsonNode> reader = event -> read(event, settings.webhook().maxInflated());
    Polls polls =
        new Polls(
            cursors,
            organizations,
            settings.polls(),
            settings.pollLimits(),
            reader,
            clock,
            metrics);

    // delivering
    Inbox inbox =
        new Inbox(
            new Inbox.Log(
                events,
                pairs,
                deliveries,
                new PolledPages(database),
                settings.pollLimits().lease(),
                APPEND),
            organizations,
            settings.delivery(),
            reader,
            clock,
            metrics);

    camel.bind(
        "verifySignature",
        new VerifySignature(
            settings.sources(), nobody(), settings.webhook(), rejections, metrics, clock));
    camel.bind("storedKeys", storedKeys);
    camel.bind("answer", new Answer(storedKeys, settings.webhook(), metrics, clock));
    camel.bind("settleRecords", settleRecords);
    camel.bind("inbox", inbox);
    camel.bind("polls", polls);

    // operating
    Health health =
        new Health(
            pairs,
            cursors,
            events,
            settings.properties().containsKey("relay.kafka.brokers"),
            clock);
    camel.bind(HEALTH, health);
    Backlogs backlogs = new Backlogs(database);
    Supplier<List<Subscribed>> subscriptions =
        () -> subscriptions(camel.getCamelContext(), settings.organizations().values());
    AdminApi api =
        new AdminApi(
            new AdminApi.Store(new Ledger(database), backlogs, new ByHand(database), events),
            subscriptions,
            clock);
    AdminServer.Apis apis = new AdminServer.Apis(api, new CursorsApi(cursors, clock));
    Metrics scrape = new Metrics(metrics, backlogs, cursors, subscriptions, clock);
    relay.servers(
        new AdminServer(vertx, settings.admin(), apis, health, scrape, pages), http::getServerPort);
  }

  /** All that Camel does before it needs what the routes refer to. */
  private static void readRoutes(Main camel, Relay relay, Settings settings) {
    camel.setInitialProperties(Map.copyOf(settings.properties()));
    camel.addInitialProperty("camel.server.enabled", "true");
    camel.setPropertyPlaceholderLocations("false"); // read, resolved and checked already
    camel
        .configure()
        .withName("convor-relay")
        .withRoutesIncludePattern("file:" + settings.routes().toAbsolutePath() + "/*.yaml")
        .withShutdownTimeout((int) settings.delivery().drainTimeout().plusSeconds(5).toSeconds());
    ScheduledThreadPoolExecutor cuts =
        new ScheduledThreadPoolExecutor(1, task -> new Thread(task, "call-limits"));
    cuts.setRemoveOnCancelPolicy(true); // a call that ended is not kept until its deadline
    relay.closing(cuts::shutdownNow);
    Settings.Call call = settings.call();
    CallLimits limits = new CallLimits(call.timeout(), call.maxAnswer(), cuts);
    camel
        .configure()
        .addConfiguration(
            new CamelConfiguration() {
              @Override
              public void configure(CamelContext context) {
                components(context, call, limits);
              }
            });
    camel.configure().addRoutesBuilder(health());
    camel.init();
  }

  private static boolean isStarted(Main camel) {
    CamelContext context = camel.getCamelContext();
    return context != null && context.isStarted();
  }

  private static Database opened(CompletableFuture<Database> opening) {
    try {
      return opening.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreUnavailable known) {
        throw known;
      }
      throw e;
    }
  }

  /** The process may end next: not in the middle of making the schema. */
  private static void closeOnceOpened(CompletableFuture<Database> opening) {
    opening
        .handle(
            (database, failure) -> {
              if (database != null) {
                database.close();
              }
              return failure;
            })
        .join();
  }

  /** Who is subscribed to the routes that listen to the inbox, and who is not. */
  private static List<Subscribed> subscriptions(
      @Nullable CamelContext camel, Collection<Organization> organizations) {
    List<Subscribed> all = new ArrayList<>();
    for (Route route : camel == null ? List.<Route>of() : camel.getRoutes()) {
      if (route.getEndpoint() instanceof InboxEndpoint endpoint) {
        Subscription subscription = endpoint.subscription();
        for (Organization organization : organizations) {
          all.add(
              new Subscribed(
                  new Pair(subscription.connector(), organization.name()),
                  subscription.typesRegex(),
                  subscription.notSubscribed(organization)));
        }
      }
    }
    return all;
  }

  /**
   * Checked in the place of an organization or source that does not exist; nobody knows its secret.
   */
  private static Source nobody() {
    String secret = UUID.randomUUID().toString();
    return new Source("-", "-", Schemes.named("convor", Map.of()), List.of(secret), false, null);
  }

  private static JsonNode read(Event event, int maxInflated) {
    try {
      byte[] body =
          Bodies.decode(event.body(), event.headers().get("content-encoding"), maxInflated);
      return Bodies.json(body, event.headers().get("content-type"));
    } catch (IOException e) {
      return BinaryNode.valueOf(event.body());
    }
  }

  private static HikariDataSource reporting(Settings.@Nullable Reporting settings) {
    HikariDataSource reporting = new HikariDataSource(); // without a URL it refuses to connect
    reporting.setPoolName("reporting");
    reporting.setMaximumPoolSize(4);
    reporting.setConnectionTimeout(REPORTING_CONNECT.toMillis());
    if (settings != null) {
      reporting.setJdbcUrl(settings.url());
      reporting.setUsername(settings.username());
      reporting.setPassword(settings.password());
    }
    return reporting;
  }

  /** What every route gets without asking for it. */
  private static void components(CamelContext context, Settings.Call call, CallLimits limits) {
    // Failures are the inbox's to tell and to retry. Camel's own report would show the URL, which
    // may be a secret; it makes it even if logExhausted is false.
    DefaultErrorHandlerDefinition silent = new DefaultErrorHandlerDefinition();
    silent.setLevel(LoggingLevel.OFF.name());
    context.getCamelContextExtension().setErrorHandlerFactory(silent);

    context.addComponent("inbox", new InboxComponent());
    // Nothing of a request enters the exchange as a header, and nothing is echoed.
    context
        .getComponent("platform-http", PlatformHttpComponent.class)
        .setHeaderFilterStrategy(only("content-type", "retry-after"));
    context.addComponent("http", http(new HttpComponent(), call, limits));
    context.addComponent("https", http(new HttpComponent(), call, limits));
  }

  private static HttpComponent http(HttpComponent http, Settings.Call call, CallLimits limits) {
    http.setHttpClientConfigurer(limits);
    http.setConnectionsPerRoute(
        InboxEndpoint.MAX_CONCURRENCY); // no attempt waits for another's end
    http.setMaxTotalConnections(4 * InboxEndpoint.MAX_CONCURRENCY);
    http.setConnectTimeout(call.connectTimeout().toMillis());
    http.setConnectionRequestTimeout(call.connectTimeout().toMillis());
    http.setSoTimeout(call.timeout().toMillis());
    http.setResponseTimeout(call.timeout().toMillis());
    http.setFollowRedirects(false);
    http.setRedirectHandlingDisabled(true);
    http.setAutomaticRetriesDisabled(true);
    http.setCookieManagementDisabled(true);
    http.setConnectionStateDisabled(true);
    http.setUserAgent("convor-relay");
    http.setHeaderFilterStrategy(destinations());
    return http;
  }

  /**
   * To a destination goes what the route sets, but none of the relay's own headers; of its answer
   * only these are kept.
   */
  private static DefaultHeaderFilterStrategy destinations() {
    DefaultHeaderFilterStrategy filter = new DefaultHeaderFilterStrategy();
    filter.setLowerCase(true);
    filter.setOutFilterStartsWith("camel", "relay");
    filter
        .getOutFilter()
        .addAll(List.of("host", "content-length", "transfer-encoding", "connection"));
    filter.setInFilterPattern("(?i)(?!(content-type|retry-after|location)$).*");
    return filter;
  }

  private static HeaderFilterStrategy only(String... allowedOut) {
    Set<String> allowed = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    allowed.addAll(List.of(allowedOut));
    return new HeaderFilterStrategy() {
      @Override
      public boolean applyFilterToExternalHeaders(String name, Object value, Exchange exchange) {
        return true;
      }

      @Override
      public boolean applyFilterToCamelHeaders(String name, Object value, Exchange exchange) {
        return !allowed.contains(name);
      }
    };
  }

  private static RouteBuilder health() {
    return new RouteBuilder() {
      @Override
      public void configure() {
        from("platform-http:/health?httpMethodRestrict=GET").routeId("health").process(HEALTH);
      }
    };
  }
}
