package convor.relay.verify;

import java.util.Locale;

/** Why a request is not an event of its source, and the status that says so. */
public enum Reason {
  /** The signature header, or a header that the signature covers, is missing. */
  NO_SIGNATURE(401),
  /** The signature was not made with a configured secret over what was sent. */
  BAD_SIGNATURE(401),
  /** The signed time is too far from now, unreadable, or missing where it is required. */
  STALE(401),
  /** The body names another organization than the one it was sent to. */
  WRONG_ORGANIZATION(403),
  /** The body is not what the scheme says: broken gzip, or not JSON. */
  UNREADABLE(400),
  /** No usable event type was found. */
  NO_TYPE(400);

  private final int status;

  Reason(int status) {
    this.status = status;
  }

  /** The HTTP status of the answer. */
  public int status() {
    return status;
  }

  /** The name in logs and metrics, as in {@code bad-signature}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
