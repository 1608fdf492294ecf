package convor.relay.poll;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import convor.relay.inbox.Organization;
import convor.relay.store.CursorEnd;
import convor.relay.store.CursorLease;
import convor.relay.store.PageReceipt;
import convor.relay.store.PolledPage;
import convor.relay.store.StoreUnavailable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.util.StringHelper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of the template {@code poll} that are not Camel's: which organizations are due, what is
 * asked, what the answer says, and where the next run begins. One for each poll, made by the
 * template with its parameters.
 *
 * <p>Between the steps a run is the exchange variable {@code run}; while the variable {@code more}
 * is true the route asks for another page.
 */
public final class Polling {
  private static final Logger log = LoggerFactory.getLogger(Polling.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RUN = "run";
  private static final String MORE = "more";

  /** A run between two steps. */
  private record Run(
      CursorLease lease, Organization organization, Walk walk, @Nullable Page page, Tally tally) {
    Run at(Page next) {
      return new Run(lease, organization, walk.behind(next), next, tally);
    }
  }

  private final Map<String, String> parameters = new TreeMap<>();
  private @Nullable Polls polls;
  private @Nullable PollSpec spec;
  private final Set<String> registered = new HashSet<>();
  private final Set<String> running = ConcurrentHashMap.newKeySet();

  /** What the relay's polls work with. */
  public void setPolls(Polls polls) {
    this.polls = polls;
  }

  /** The template's parameters, by name. */
  public Map<String, String> getParameters() {
    return parameters;
  }

  /** Reads the parameters; called by the template when all are set. */
  public void initialize() {
    Map<String, String> all = new TreeMap<>();
    // Camel binds page-size as pageSize.
    parameters.forEach((name, value) -> all.put(StringHelper.camelCaseToDash(name), value));
    if (polls != null) {
      all.putAll(polls.settings().getOrDefault(all.getOrDefault("poll", ""), Map.of()));
    }
    spec = PollSpec.of(all);
  }

  private Polls polls() {
    return Objects.requireNonNull(polls, "not wired");
  }

  private PollSpec spec() {
    return Objects.requireNonNull(spec, "not initialized");
  }

  /** The organizations whose next run is due: each is leased to this node and to be run now. */
  public List<CursorLease> due() {
    Instant now = polls().clock().instant();
    try {
      Map<String, Organization> polled = polled();
      polled.values().forEach(organization -> register(organization, now));
      polled.keySet().removeAll(running);
      int free = polls().limits().threads() - running.size();
      if (polled.isEmpty() || free <= 0) {
        return List.of();
      }
      List<CursorLease> claimed =
          polls()
              .cursors()
              .claimDue(spec().name(), polled.keySet(), free, polls().limits().lease(), now);
      claimed.forEach(lease -> running.add(lease.org()));
      return claimed;
    } catch (StoreUnavailable e) {
      log.warn("poll={}: {}; it tries again", spec().name(), e.getMessage());
      return List.of();
    }
  }

  private Map<String, Organization> polled() {
    return polls().organizations().stream()
        .filter(organization -> organization.has(Polls.KEY))
        .collect(
            Collectors.toMap(
                Organization::name, Function.identity(), (one, other) -> one, TreeMap::new));
  }

  private void register(Organization organization, Instant now) {
    if (!registered.contains(organization.name())) {
      polls()
          .cursors()
          .register(
              spec().name(),
              organization.name(),
              spec().start().from(now),
              Organization.fingerprint(api(organization)),
              now);
      registered.add(organization.name());
    }
  }

  /** The settings of the organization's API. */
  private static Map<String, String> api(Organization organization) {
    Map<String, String> api = new TreeMap<>(organization.settings());
    api.keySet().removeIf(key -> !key.startsWith("api."));
    return api;
  }

  /** A leased organization becomes a run: its settings and the first page's query are variables. */
  public void begin(Exchange exchange) {
    CursorLease lease = exchange.getMessage().getBody(CursorLease.class);
    Organization organization = Objects.requireNonNull(polled().get(lease.org()));
    Instant now = polls().clock().instant();
    Walk walk = Walk.from(spec(), lease.place(), now);
    api(organization).forEach(exchange::setVariable);
    exchange.setVariable("path", walk.path());
    go(exchange, new Run(lease, organization, walk, null, Tally.NOTHING));
  }

  private static void go(Exchange exchange, Run run) {
    exchange.setVariable(RUN, run);
    exchange.setVariable("query", run.walk.query());
    exchange.setVariable(MORE, true);
    exchange.getMessage().setBody(null);
  }

  private static Run run(Exchange exchange) {
    return Objects.requireNonNull(exchange.getVariable(RUN, Run.class), "begin comes first");
  }

  /** The answer becomes a page of events for {@code inbox:append}, with the place behind it. */
  public void read(Exchange exchange) {
    Run run = run(exchange);
    Page page = Page.read(json(exchange.getMessage()), spec(), run.walk.limit());
    Run behind = run.at(page);
    Records records = new Records(spec(), polls().reader());
    Instant now = polls().clock().instant();
    exchange.setVariable(RUN, behind);
    exchange
        .getMessage()
        .setBody(
            new PolledPage(
                run.lease,
                records.of(page, run.lease.org(), now),
                behind.walk.place(),
                records::covers));
  }

  private static JsonNode json(Message message) {
    byte[] body = message.getBody(byte[].class);
    if (body == null || body.length == 0) {
      throw new PollProblem("the answer is empty");
    }
    try {
      return JSON.readTree(body);
    } catch (IOException e) {
      throw new PollProblem("the answer is not JSON, it begins with `" + beginning(body) + "`");
    }
  }

  private static String beginning(byte[] body) {
    String text = new String(body, 0, Math.min(body.length, 40), StandardCharsets.UTF_8);
    return text.replaceAll("[^\\p{L}\\p{N}\\p{P} <>=+]", " ");
  }

  /** After a page is stored: to the next one, or the end of the run. */
  public void turn(Exchange exchange) {
    Run run = run(exchange);
    Page page = Objects.requireNonNull(run.page);
    PageReceipt receipt = exchange.getMessage().getBody(PageReceipt.class);
    Tally tally = run.tally.plus(page, receipt);
    Run next = new Run(run.lease, run.organization, run.walk, page, tally);
    count(run.lease.org(), page, receipt);
    Instant now = polls().clock().instant();
    Instant again = nextRun(next, receipt, exchange.getContext().isStopping(), now);
    if (receipt.lost()) {
      log.warn("{}: another node took the run over", named(run.lease));
      exchange.setVariable(MORE, false);
    } else if (again == null) {
      go(exchange, next);
    } else {
      exchange.setVariable(MORE, false);
      end(run.lease, new CursorEnd(false, null, 0, again, null));
      tally.log(log, named(run.lease), next.walk.place(), again, next.walk.startedAt(), now);
    }
  }

  /** When the next run begins; null if this one goes on. */
  private @Nullable Instant nextRun(Run run, PageReceipt receipt, boolean stopping, Instant now) {
    PollSpec.Pace pace = spec().pace();
    Page page = Objects.requireNonNull(run.page);
    if (receipt.deferred() > 0) {
      return now.plus(shorter(pace.period(), pace.grace()));
    }
    if (!run.walk.goesOnBehind(page)) {
      return later(run.walk.startedAt().plus(pace.period()), now);
    }
    if (run.walk.pages() >= pace.maxPages() && !run.walk.isWidened()) {
      return now.plus(pace.pause());
    }
    return stopping ? now : null;
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private void count(String org, Page page, PageReceipt receipt) {
    count(org, "recovered", receipt.recovered());
    count(org, "known", receipt.known());
    count(org, "deferred", receipt.deferred());
    count(org, "incomplete", page.size() - page.items().size());
    polls().metrics().counter("relay.poll.pages", "org", org, "poll", spec().name()).increment();
  }

  private void count(String org, String result, int records) {
    polls()
        .metrics()
        .counter("relay.poll.records", "org", org, "poll", spec().name(), "result", result)
        .increment(records);
  }

  /** The run broke off: where the API's answer leads to. */
  public void failed(Exchange exchange) {
    exchange.setVariable(MORE, false);
    Run run = exchange.getVariable(RUN, Run.class);
    Throwable failure = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
    if (run == null) {
      log.error("poll={}: a run could not begin", spec().name(), failure);
      return;
    }
    // The place before the page that failed: behind it only if that was stored.
    Instant now = polls().clock().instant();
    CursorEnd end =
        AfterFailure.decide(failure, run.lease, run.walk, polls().limits(), now, run.organization);
    log.warn(
        "{} {}: {}; next {}",
        named(run.lease),
        end.paused() ? "paused" : "failed",
        end.reason(),
        end.paused() ? "when it is resumed" : end.nextAt());
    polls()
        .metrics()
        .counter("relay.poll.failures", "org", run.lease.org(), "poll", spec().name())
        .increment();
    end(run.lease, end);
  }

  /** The last step of a run, however it ended. */
  public void release(Exchange exchange) {
    running.remove(run(exchange).lease.org());
  }

  private void end(CursorLease lease, CursorEnd end) {
    try {
      if (!polls().cursors().end(lease, end)) {
        log.warn("{}: another node, or a reset, took the run over", named(lease));
      }
    } catch (StoreUnavailable e) {
      log.warn("{}: {}; the run ends with its lease", named(lease), e.getMessage());
    }
  }

  private static String named(CursorLease lease) {
    return "poll=" + lease.poll() + " org=" + lease.org();
  }
}
