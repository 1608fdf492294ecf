package convor.relay.operate;

import org.jspecify.annotations.Nullable;

/**
 * The admin port: {@code relay.admin.*}.
 *
 * @param port 0 for any free one
 * @param token what its callers show; there whenever the host is not loopback
 */
public record AdminSettings(String host, int port, @Nullable String token) {

  @Override
  public String toString() {
    return "AdminSettings["
        + host
        + ":"
        + port
        + (token == null ? ", no token]" : ", with a token]");
  }
}
