package convor.relay.operate;

import convor.relay.operate.AdminServer.Answer;
import java.util.Map;

/** A request that cannot be answered as asked; the message says what would be right. */
final class AdminError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  AdminError(int status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }

  static Answer answer(int status, String message) {
    return new Answer(status, Map.of("error", message));
  }
}
