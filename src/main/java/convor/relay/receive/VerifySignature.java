package convor.relay.receive;

import convor.relay.inbox.Headers;
import convor.relay.verify.HeaderLookup;
import convor.relay.verify.Source;
import convor.relay.verify.Verdict;
import convor.relay.verify.Verdict.Rejected;
import convor.relay.verify.Verdict.Verified;
import convor.relay.verify.Verifier;
import convor.relay.verify.WebhookRequest;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.http.HttpServerRequest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.platform.http.vertx.HttpMessage;
import org.jspecify.annotations.Nullable;

/**
 * {@code process: verifySignature}. Turns a request into a verified event (body: the raw bytes; the
 * {@code Relay} headers say whose it is and what), or answers and ends the route.
 */
public final class VerifySignature implements Processor {
  private static final int MAX_HEADER = 500;

  /** A source, and what is asked of it with each request. */
  private record Sender(Source source, Set<String> headers, List<Counter> matched) {
    static Sender of(Source source, MeterRegistry metrics) {
      return new Sender(
          source,
          source.scheme().headers(),
          IntStream.range(0, source.secrets().size())
              .mapToObj(index -> matched(source, index, metrics))
              .toList());
    }

    private static Counter matched(Source source, int index, MeterRegistry metrics) {
      return Counter.builder("relay.secret.matched")
          .tags("org", source.org(), "source", source.name(), "index", String.valueOf(index))
          .register(metrics);
    }
  }

  private final Map<String, Map<String, Sender>> senders = new HashMap<>();
  private final Sender nobody;
  private final WebhookLimits limits;
  private final Rejections rejections;
  private final InstantSource clock;

  /**
   * @param sources by organization, then by name
   * @param nobody what a request to an unknown organization or source is checked against, so that
   *     it takes the same way
   */
  public VerifySignature(
      Map<String, Map<String, Source>> sources,
      Source nobody,
      WebhookLimits limits,
      Rejections rejections,
      MeterRegistry metrics,
      InstantSource clock) {
    sources.forEach(
        (org, named) -> {
          Map<String, Sender> ofOrg = new HashMap<>();
          named.forEach((name, source) -> ofOrg.put(name, Sender.of(source, metrics)));
          senders.put(org, ofOrg);
        });
    this.nobody = new Sender(nobody, nobody.scheme().headers(), List.of());
    this.limits = limits;
    this.rejections = rejections;
    this.clock = clock;
  }

  @Override
  public void process(Exchange exchange) {
    HttpServerRequest request = exchange.getMessage(HttpMessage.class).getRequest();
    byte[] body = exchange.getMessage().getBody(byte[].class);
    WebhookPath path = WebhookPath.parse(request.path());
    @Nullable Sender known = senders.getOrDefault(path.org(), Map.of()).get(path.source());
    Sender sender = known == null ? nobody : known;
    Source source = sender.source();
    HeaderLookup headers = request::getHeader;
    Instant now = clock.instant();
    Verdict verdict =
        Verifier.verify(
            source,
            new WebhookRequest(
                request.method().name(),
                source.scheme().urlIsSigned() ? request.absoluteURI() : "",
                headers,
                body),
            now,
            limits.maxInflated());
    if (verdict instanceof Verified verified) {
      sender.matched().get(verified.secretIndex()).increment();
      accept(exchange, source, verified, body, now);
      exchange.setProperty(Headers.REQUEST_HEADERS, kept(sender.headers(), headers));
    } else if (verdict instanceof Rejected rejected) {
      rejections.rejected(
          Rejections.Request.of(request.path(), request, body.length),
          known == null ? "unknown" : rejected.reason().code(),
          known == null ? "no such organization or source" : rejected.detail());
      Answer.rejected(exchange, rejected);
    }
  }

  private static void accept(
      Exchange exchange, Source source, Verified event, byte[] body, Instant now) {
    Message message = exchange.getMessage();
    message.removeHeaders("*");
    message.setBody(body);
    message.setHeader(Headers.ORG, source.org());
    message.setHeader(Headers.SOURCE, source.name());
    message.setHeader(Headers.KEY, event.key());
    message.setHeader(Headers.TYPE, event.type());
    message.setHeader(Headers.SUBJECT, event.subject());
    message.setHeader(Headers.VERSION, event.version());
    message.setHeader(Headers.RECEIVED_AT, now);
  }

  /**
   * Of the request's headers only those that the scheme names, and what says how to read the body.
   */
  private static Map<String, String> kept(Set<String> names, HeaderLookup headers) {
    Map<String, String> kept = new LinkedHashMap<>();
    for (String name : names) {
      String value = headers.get(name);
      if (value != null) {
        kept.put(name, value.length() <= MAX_HEADER ? value : value.substring(0, MAX_HEADER));
      }
    }
    return kept;
  }
}
