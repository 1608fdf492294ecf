package convor.relay.inbox;

import convor.relay.store.Event;
import convor.relay.store.PageReceipt;
import convor.relay.store.PolledPage;
import convor.relay.store.Receipt;
import convor.relay.store.StoreUnavailable;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultAsyncProducer;
import org.jspecify.annotations.Nullable;

/**
 * {@code to: inbox:append}: returns when the commit of the event, of a list of exchanges with an
 * event each, or of a page of polled records is on disk.
 *
 * <p>Of a list all are stored or, with {@link StoreUnavailable}, none that would overtake another:
 * it can be given again. An exchange of it that is no event gets an exception and keeps no other
 * one back.
 */
final class InboxProducer extends DefaultAsyncProducer {
  private final Inbox.Log log;
  private final InstantSource clock;

  InboxProducer(InboxEndpoint endpoint, Inbox inbox) {
    super(endpoint);
    this.log = inbox.log();
    this.clock = inbox.clock();
  }

  @Override
  public boolean process(Exchange exchange, AsyncCallback callback) {
    Message message = exchange.getMessage();
    try {
      if (message.getBody() instanceof PolledPage page) {
        message.setBody(append(page));
      } else if (message.getBody() instanceof List<?> list) {
        append(list.stream().map(Exchange.class::cast).toList());
      } else {
        append(event(exchange), exchange, callback);
        return false;
      }
    } catch (RuntimeException e) {
      exchange.setException(e);
    }
    callback.done(true);
    return true;
  }

  private void append(List<Exchange> list) {
    List<Exchange> exchanges = new ArrayList<>();
    List<Event> events = new ArrayList<>();
    for (Exchange exchange : list) {
      try {
        events.add(event(exchange));
        exchanges.add(exchange);
      } catch (RuntimeException e) {
        exchange.setException(e);
      }
    }
    try {
      List<Receipt> receipts = log.events().append(events);
      for (int i = 0; i < events.size(); i++) {
        settle(exchanges.get(i), receipts.get(i));
      }
    } catch (StoreUnavailable e) {
      if (!e.isAboutTheData()) {
        throw e;
      }
      for (int i = 0; i < events.size(); i++) {
        appendAlone(exchanges.get(i), events.get(i));
      }
    }
  }

  private void appendAlone(Exchange exchange, Event event) {
    try {
      settle(exchange, log.events().append(List.of(event)).get(0));
    } catch (StoreUnavailable e) {
      if (!e.isAboutTheData()) {
        throw e;
      }
      exchange.setException(e);
    }
  }

  private static void settle(Exchange exchange, Receipt receipt) {
    exchange.getMessage().setHeader(Headers.DUPLICATE, receipt == Receipt.DUPLICATE);
  }

  private PageReceipt append(PolledPage page) {
    PageReceipt receipt = log.pages().append(page, log.pollLease(), clock.instant());
    if (receipt.recovered() > 0) {
      log.events().wake(Set.of(page.lease().org()));
    }
    return receipt;
  }

  /** No thread waits for the commit: the route goes on on one that tells of commits. */
  private void append(Event event, Exchange exchange, AsyncCallback callback) {
    var unused =
        log.events()
            .append(event)
            .orTimeout(log.appendTimeout().toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete(
                (receipt, failure) -> {
                  if (failure == null) {
                    settle(exchange, receipt);
                  } else {
                    exchange.setException(unavailable(failure));
                  }
                  callback.done(false);
                });
  }

  private StoreUnavailable unavailable(Throwable failure) {
    if (failure instanceof StoreUnavailable known) {
      return known;
    }
    return failure instanceof TimeoutException
        ? new StoreUnavailable("no commit within " + log.appendTimeout(), failure)
        : new StoreUnavailable("the store failed", failure);
  }

  private Event event(Exchange exchange) {
    Message message = exchange.getMessage();
    byte[] body = message.getBody(byte[].class);
    return new Event(
        required(message, Headers.ORG),
        required(message, Headers.SOURCE),
        required(message, Headers.KEY),
        required(message, Headers.TYPE),
        message.getHeader(Headers.SUBJECT, String.class),
        message.getHeader(Headers.VERSION, String.class),
        receivedAt(message.getHeader(Headers.RECEIVED_AT)),
        requestHeaders(exchange),
        body == null ? new byte[0] : body);
  }

  /** From Kafka it comes as text. */
  private Instant receivedAt(@Nullable Object header) {
    if (header instanceof Instant at) {
      return at;
    }
    return header == null ? clock.instant() : Instant.parse(header.toString());
  }

  private static String required(Message message, String header) {
    String value = message.getHeader(header, String.class);
    if (value == null || value.isEmpty()) {
      throw new IllegalArgumentException("inbox:append needs the header " + header);
    }
    return value;
  }

  @SuppressWarnings("unchecked") // set by the relay's own processors
  private static Map<String, String> requestHeaders(Exchange exchange) {
    Map<String, String> headers = exchange.getProperty(Headers.REQUEST_HEADERS, Map.class);
    if (headers != null) {
      return headers;
    }
    String json = exchange.getMessage().getHeader(Headers.REQUEST_HEADERS, String.class);
    return json == null ? Map.of() : RecordHeaders.requestHeaders(json);
  }
}
