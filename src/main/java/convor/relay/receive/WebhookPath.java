package convor.relay.receive;

import java.util.List;

/**
 * {@code /webhooks/<org>} or {@code /webhooks/<org>/<source>}; of any other path both parts are
 * empty.
 */
record WebhookPath(String org, String source) {
  static final String PREFIX = "/webhooks/";
  static final String CONVOR = "convor";

  static WebhookPath parse(String path) {
    List<String> parts = List.of(path.split("/", -1)); // "", "webhooks", org[, source]
    if (parts.size() == 3) {
      return new WebhookPath(parts.get(2), CONVOR);
    }
    return parts.size() == 4
        ? new WebhookPath(parts.get(2), parts.get(3))
        : new WebhookPath("", "");
  }
}
