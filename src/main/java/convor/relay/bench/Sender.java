package convor.relay.bench;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection that has one request under way at a time. It reads no more of HTTP than the answers
 * that it is for have – a status and a {@code Content-Length} –, so that the load takes as little
 * of the machine as it can from what is measured.
 */
final class Sender {
  private static final String END_OF_HEAD = "\r\n\r\n";
  private static final String LENGTH = "content-length: ";
  private static final int STATUS_AT = "HTTP/1.1 ".length();

  private final NetSocket socket;
  private final Consumer<Sender> onIdle;
  private String received = "";
  private @Nullable Consumer<Integer> answered;
  private volatile boolean isClosed;

  /**
   * @param onIdle is told when the next request may be sent
   */
  Sender(NetSocket socket, Consumer<Sender> onIdle) {
    this.socket = socket;
    this.onIdle = onIdle;
    socket.handler(this::read);
    socket.exceptionHandler(failure -> socket.close());
    socket.closeHandler(
        closed -> {
          isClosed = true;
          end(0, () -> {});
        });
  }

  /**
   * Sends a request.
   *
   * @param answered is told the status of the answer, or 0 if there came none
   */
  void send(Buffer request, Consumer<Integer> answered) {
    this.answered = answered;
    socket.write(request);
  }

  private void read(Buffer chunk) {
    received += chunk.toString(StandardCharsets.ISO_8859_1);
    int head = received.indexOf(END_OF_HEAD);
    if (head >= 0 && received.length() >= head + END_OF_HEAD.length() + length(head)) {
      int status = Integer.parseInt(received, STATUS_AT, STATUS_AT + 3, 10);
      received = "";
      end(status, () -> onIdle.accept(this));
    }
  }

  private int length(int head) {
    String headers = received.substring(0, head).toLowerCase(Locale.ROOT);
    int at = headers.indexOf(LENGTH);
    return at < 0
        ? 0
        : Integer.parseInt(headers.substring(at + LENGTH.length()).lines().findFirst().orElse("0"));
  }

  private void end(int status, Runnable idle) {
    Consumer<Integer> waiting = answered;
    if (waiting != null) {
      answered = null;
      idle.run();
      waiting.accept(status);
    }
  }

  boolean isClosed() {
    return isClosed;
  }
}
