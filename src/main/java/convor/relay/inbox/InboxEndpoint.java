package convor.relay.inbox;

import convor.relay.store.Rate;
import java.util.List;
import java.util.Locale;
import org.apache.camel.Category;
import org.apache.camel.Component;
import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.spi.Metadata;
import org.apache.camel.spi.UriEndpoint;
import org.apache.camel.spi.UriParam;
import org.apache.camel.spi.UriPath;
import org.apache.camel.support.DefaultEndpoint;
import org.apache.camel.util.TimeUtils;
import org.jspecify.annotations.Nullable;

/** Store events in the relay's log and deliver them from it, durably and with retries. */
@UriEndpoint(
    firstVersion = "0.1.0",
    scheme = "inbox",
    title = "Inbox",
    syntax = "inbox:name",
    category = {Category.MESSAGING},
    headersClass = Headers.class)
public class InboxEndpoint extends DefaultEndpoint {
  private static final String APPEND = "append";

  /** Most attempts of one connector at the same time. */
  public static final int MAX_CONCURRENCY = 256;

  @UriPath(
      description =
          "`append` as a producer; as a consumer the connector's name: it is the subscription's identity.")
  @Metadata(required = true)
  private String name = "";

  @UriParam(
      label = "consumer",
      defaultValue = "*",
      description = "The event types to take, separated by commas; * stands for any characters.")
  private String types = "*";

  @UriParam(
      label = "consumer",
      description =
          "Settings below relay.orgs.<org>. that an organization must have to be subscribed, separated by commas; a|b means either.")
  private @Nullable String requires;

  @UriParam(
      label = "consumer",
      description =
          "Further settings that the route reads, separated by commas; key=value gives a default.")
  private @Nullable String optional;

  @UriParam(
      label = "consumer",
      description =
          "The only organizations to subscribe, separated by commas; without it all that have what it requires.")
  private @Nullable String orgs;

  @UriParam(label = "consumer", defaultValue = "8", description = "Attempts at the same time.")
  private int concurrency = 8;

  @UriParam(
      label = "consumer",
      defaultValue = "none",
      enums = "none,subject,newest",
      description =
          "With `subject` a later event of a subject waits for the earlier one; with `newest` an event is skipped besides whose version is older than one that is done.")
  private String ordering = "none";

  @UriParam(
      label = "consumer",
      defaultValue = "event",
      enums = "event,version",
      description =
          "With `version` an event is skipped if one of another source (a poll, a webhook) told of the same subject and version before and was delivered: for connectors that care about state, not about what happened. Its events are then ordered by subject.")
  private String dedupe = "event";

  @UriParam(
      label = "consumer",
      description = "Attempts of one organization at most, such as 1/s, 600/m or 100/h.")
  private @Nullable String rate;

  @UriParam(
      label = "consumer",
      defaultValue = "latest",
      enums = "latest,earliest",
      description =
          "Where a subscription starts that is new: behind the newest stored event, or with the oldest.")
  private String startFrom = "latest";

  @UriParam(
      label = "consumer",
      defaultValue = "30s",
      javaType = "java.time.Duration",
      description = "How long an attempt may take. Shorter than relay.delivery.lease.")
  private String timeout = "30s";

  @UriParam(
      label = "consumer",
      defaultValue = "3d",
      javaType = "java.time.Duration",
      description = "An event that still fails this long after its first attempt is dead.")
  private String giveUpAfter = "3d";

  public InboxEndpoint(String uri, Component component) {
    super(uri, component);
  }

  @Override
  public Producer createProducer() {
    checkIsAppend();
    return new InboxProducer(this, inbox());
  }

  /**
   * Checks that a route can send here.
   *
   * @throws IllegalArgumentException if not, saying where it can
   */
  protected void checkIsAppend() {
    if (!name.equals(APPEND)) {
      throw new IllegalArgumentException("`to: inbox:" + name + "`: it is `to: inbox:append`");
    }
  }

  @Override
  public Consumer createConsumer(Processor processor) throws Exception {
    InboxConsumer consumer = new InboxConsumer(this, processor, subscription(), inbox());
    configureConsumer(consumer);
    return consumer;
  }

  private Inbox inbox() {
    Inbox inbox = ((InboxComponent) getComponent()).getInbox();
    if (inbox == null) {
      throw new IllegalStateException("the inbox component has no inbox");
    }
    return inbox;
  }

  /**
   * The options as a subscription.
   *
   * @throws IllegalArgumentException if an option is not what it should be, naming the option
   */
  public Subscription subscription() {
    if (name.equals(APPEND) || !name.matches("[a-z0-9][a-z0-9_-]{0,63}")) {
      throw new IllegalArgumentException(
          "`from: inbox:"
              + name
              + "`: a connector's name is lower-case letters, digits, - and _, and not `append`");
    }
    if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
      throw new IllegalArgumentException(
          "concurrency=" + concurrency + ": it is 1 to " + MAX_CONCURRENCY);
    }
    return new Subscription(
        name,
        TypePatterns.parse(types),
        requires == null ? "" : requires,
        Subscription.defaults(optional == null ? "" : optional),
        Subscription.list(orgs == null ? "" : orgs),
        new Subscription.Pace(
            concurrency,
            Subscription.Ordering.valueOf(
                oneOf("ordering", ordering, "none", "subject", "newest").toUpperCase(Locale.ROOT)),
            oneOf("dedupe", dedupe, "event", "version").equals("version"),
            rate == null ? null : Rate.parse(rate),
            oneOf("startFrom", startFrom, "latest", "earliest").equals("earliest"),
            java.time.Duration.ofMillis(TimeUtils.toMilliSeconds(timeout)),
            java.time.Duration.ofMillis(TimeUtils.toMilliSeconds(giveUpAfter))));
  }

  /** The value; an error if it is none of the words. */
  private static String oneOf(String option, String value, String... words) {
    if (!List.of(words).contains(value)) {
      throw new IllegalArgumentException(
          option + "=" + value + ": it is one of " + String.join(", ", words));
    }
    return value;
  }

  public String getName() {
    return name;
  }

  public void setName(String name) {
    this.name = name;
  }

  public String getTypes() {
    return types;
  }

  public void setTypes(String types) {
    this.types = types;
  }

  public @Nullable String getRequires() {
    return requires;
  }

  public void setRequires(String requires) {
    this.requires = requires;
  }

  public @Nullable String getOptional() {
    return optional;
  }

  public void setOptional(String optional) {
    this.optional = optional;
  }

  public @Nullable String getOrgs() {
    return orgs;
  }

  public void setOrgs(String orgs) {
    this.orgs = orgs;
  }

  public int getConcurrency() {
    return concurrency;
  }

  public void setConcurrency(int concurrency) {
    this.concurrency = concurrency;
  }

  public String getOrdering() {
    return ordering;
  }

  public void setOrdering(String ordering) {
    this.ordering = ordering;
  }

  public String getDedupe() {
    return dedupe;
  }

  public void setDedupe(String dedupe) {
    this.dedupe = dedupe;
  }

  public @Nullable String getRate() {
    return rate;
  }

  public void setRate(String rate) {
    this.rate = rate;
  }

  public String getStartFrom() {
    return startFrom;
  }

  public void setStartFrom(String startFrom) {
    this.startFrom = startFrom;
  }

  public String getTimeout() {
    return timeout;
  }

  public void setTimeout(String timeout) {
    this.timeout = timeout;
  }

  public String getGiveUpAfter() {
    return giveUpAfter;
  }

  public void setGiveUpAfter(String giveUpAfter) {
    this.giveUpAfter = giveUpAfter;
  }
}
