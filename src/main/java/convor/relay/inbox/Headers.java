package convor.relay.inbox;

/**
 * The headers that a connector's route sees and may set.
 *
 * <table>
 * <caption>What they hold</caption>
 * <tr><td>{@link #ORG}</td><td>the organization, as in {@code relay.orgs.<org>}</td></tr>
 * <tr><td>{@link #SOURCE}</td><td>{@code convor}, another configured source, or a poll's name</td></tr>
 * <tr><td>{@link #EVENT_ID}</td><td>the event's number in the store</td></tr>
 * <tr><td>{@link #KEY}</td><td>the event's key: what makes it the same when it is sent again</td></tr>
 * <tr><td>{@link #TYPE}</td><td>for example {@code conversation.closed}</td></tr>
 * <tr><td>{@link #SUBJECT}</td><td>what it is about, for example {@code conversation/c_1}; may be missing</td></tr>
 * <tr><td>{@link #VERSION}</td><td>of the subject, for example its {@code updated_at}; may be missing</td></tr>
 * <tr><td>{@link #RECEIVED_AT}</td><td>ISO-8601</td></tr>
 * <tr><td>{@link #ATTEMPT}</td><td>1 for the first</td></tr>
 * <tr><td>{@link #OUTCOME_UNKNOWN}</td><td>true: an earlier attempt may have reached the destination</td></tr>
 * <tr><td>{@link #IDEMPOTENCY_KEY}</td><td>the same for every attempt and replay of this delivery</td></tr>
 * <tr><td>{@link #REMOTE_ID}</td><td>set by the route: what the destination called it</td></tr>
 * <tr><td>{@link #OUTCOME}</td><td>set by the route: how the attempt ended, if not by its success or exception</td></tr>
 * <tr><td>{@link #REASON}</td><td>set by the route, with {@link #OUTCOME}: why, one line</td></tr>
 * <tr><td>{@link #RETRY_AFTER}</td><td>set by the route, with {@link #OUTCOME} {@code limited}: seconds or a date</td></tr>
 * </table>
 */
public final class Headers {
  public static final String ORG = "RelayOrg";
  public static final String SOURCE = "RelaySource";
  public static final String EVENT_ID = "RelayEventId";
  public static final String KEY = "RelayKey";
  public static final String TYPE = "RelayType";
  public static final String SUBJECT = "RelaySubject";
  public static final String VERSION = "RelayVersion";
  public static final String RECEIVED_AT = "RelayReceivedAt";
  public static final String ATTEMPT = "RelayAttempt";
  public static final String OUTCOME_UNKNOWN = "RelayOutcomeUnknown";
  public static final String IDEMPOTENCY_KEY = "RelayIdempotencyKey";
  public static final String REMOTE_ID = "RelayRemoteId";
  public static final String OUTCOME = "RelayOutcome";
  public static final String REASON = "RelayReason";
  public static final String RETRY_AFTER = "RelayRetryAfter";

  /** Set by {@code inbox:append}: whether the event was stored before. */
  public static final String DUPLICATE = "RelayDuplicate";

  /** Exchange property: the event's bytes as they were received. */
  public static final String RAW_BODY = "RelayRawBody";

  /** Exchange property: the event's stored request headers, a map; as a header, in JSON. */
  public static final String REQUEST_HEADERS = "RelayRequestHeaders";

  private Headers() {}
}
