package convor.relay.inbox;

import convor.relay.store.Event;
import convor.relay.store.PageReceipt;
import convor.relay.store.PolledPage;
import convor.relay.store.Receipt;
import convor.relay.store.StoreUnavailable;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.camel.AsyncCallback;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultAsyncProducer;

/**
 * {@code to: inbox:append}: returns when the commit of the event, or of a page of polled records,
 * is on disk.
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
      if (!(message.getBody() instanceof PolledPage page)) {
        append(event(exchange), exchange, callback);
        return false;
      }
      message.setBody(append(page));
    } catch (RuntimeException e) {
      exchange.setException(e);
    }
    callback.done(true);
    return true;
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
                    exchange
                        .getMessage()
                        .setHeader(Headers.DUPLICATE, receipt == Receipt.DUPLICATE);
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
    Object receivedAt = message.getHeader(Headers.RECEIVED_AT);
    return new Event(
        required(message, Headers.ORG),
        required(message, Headers.SOURCE),
        required(message, Headers.KEY),
        required(message, Headers.TYPE),
        message.getHeader(Headers.SUBJECT, String.class),
        message.getHeader(Headers.VERSION, String.class),
        receivedAt instanceof Instant at ? at : clock.instant(),
        requestHeaders(exchange),
        body == null ? new byte[0] : body);
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
    return headers == null ? Map.of() : headers;
  }
}
