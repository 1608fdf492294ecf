package convor.relay.operate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import convor.relay.store.CursorStatus;
import convor.relay.store.Cursors;
import convor.relay.store.GroupCommit;
import convor.relay.store.Pair;
import convor.relay.store.PairStatus;
import convor.relay.store.Pairs;
import convor.relay.store.StoreUnavailable;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /health}: 200 {@code up} or {@code degraded} (a connector or a poll is paused, or a
 * connector parked, for some organization), 503 {@code down} (the store does not answer, or the
 * append queue is full). With Kafka in front, webhooks need no store: then that is {@code
 * degraded}, too. The store is asked at most once a second, however often this is called.
 *
 * <p>As a processor it answers on the webhook port, with counts only: the names are for the admin
 * port.
 */
public final class Health implements Processor {
  private static final Duration FRESH = Duration.ofSeconds(1);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What stops a pair. */
  record Stopped(String connector, String org, String state, @Nullable String reason) {
    private static Stopped of(Pair pair, PairStatus status) {
      return new Stopped(
          pair.connector(),
          pair.org(),
          status.state().name().toLowerCase(Locale.ROOT),
          status.reason());
    }
  }

  /** A poll that is paused. */
  record StoppedPoll(String poll, String org, @Nullable String reason) {}

  /** What does not flow. */
  record Still(List<Stopped> pairs, List<StoppedPoll> polls) {}

  /** How full the queue before the store is. */
  record Queue(int queued, int capacity) {}

  /**
   * What is known of this relay.
   *
   * @param still what is paused or parked; null if the store does not answer
   * @param kafkaInFront whether webhooks are taken in without the store
   */
  record Report(Queue queue, @Nullable Still still, boolean kafkaInFront) {
    private String summary() {
      if (still == null || queue.queued >= queue.capacity) {
        return kafkaInFront ? "degraded" : "down";
      }
      return still.pairs.isEmpty() && still.polls.isEmpty() ? "up" : "degraded";
    }

    int status() {
      return summary().equals("down") ? 503 : 200;
    }

    private long count(String state) {
      return still == null
          ? 0
          : still.pairs.stream().filter(one -> one.state.equals(state)).count();
    }

    /**
     * As it is answered.
     *
     * @param names whether to say which pairs they are
     */
    Map<String, Object> answer(boolean names) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("status", summary());
      answer.put("store", still == null ? "down" : "up");
      answer.put("appendQueue", queue);
      answer.put("paused", count("paused"));
      answer.put("parked", count("parked"));
      answer.put("pausedPolls", still == null ? 0 : still.polls.size());
      if (names && still != null) {
        answer.put("pairs", still.pairs);
        answer.put("polls", still.polls);
      }
      return answer;
    }
  }

  private record Seen(Instant at, @Nullable Still still) {}

  private final Pairs pairs;
  private final Cursors cursors;
  private final GroupCommit appends;
  private final boolean kafkaInFront;
  private final InstantSource clock;
  private @Nullable Seen last;

  /**
   * Of the relay with these parts.
   *
   * @param kafkaInFront whether webhooks are taken in without the store
   */
  public Health(
      Pairs pairs,
      Cursors cursors,
      GroupCommit appends,
      boolean kafkaInFront,
      InstantSource clock) {
    this.pairs = pairs;
    this.cursors = cursors;
    this.appends = appends;
    this.kafkaInFront = kafkaInFront;
    this.clock = clock;
  }

  @Override
  public void process(Exchange exchange) throws JsonProcessingException {
    Report report = look();
    Message message = exchange.getMessage();
    message.removeHeaders("*");
    message.setHeader(Exchange.HTTP_RESPONSE_CODE, report.status());
    message.setHeader(Exchange.CONTENT_TYPE, "application/json");
    message.setBody(JSON.writeValueAsString(report.answer(false)));
  }

  Report look() {
    return new Report(new Queue(appends.queued(), appends.capacity()), seen().still, kafkaInFront);
  }

  private synchronized Seen seen() {
    Instant now = clock.instant();
    Seen seen = last;
    if (seen == null || Duration.between(seen.at, now).compareTo(FRESH) >= 0) {
      seen = new Seen(now, ask(now));
      last = seen;
    }
    return seen;
  }

  /** What does not flow, or null if the store does not answer. */
  private @Nullable Still ask(Instant now) {
    try {
      return new Still(stoppedPairs(), stoppedPolls(now));
    } catch (StoreUnavailable e) {
      return null;
    }
  }

  private List<StoppedPoll> stoppedPolls(Instant now) {
    return cursors.all(now).stream()
        .filter(CursorStatus::paused)
        .map(poll -> new StoppedPoll(poll.poll(), poll.org(), poll.reason()))
        .toList();
  }

  private List<Stopped> stoppedPairs() {
    return pairs.all().entrySet().stream()
        .filter(pair -> pairs.isRegistered(pair.getKey()))
        .filter(pair -> pair.getValue().state() != PairStatus.State.ACTIVE)
        .map(pair -> Stopped.of(pair.getKey(), pair.getValue()))
        .toList();
  }
}
