package convor.relay.store;

import org.jspecify.annotations.Nullable;

/**
 * Where events are kept: {@code relay.store.*} and {@code relay.append.*}.
 *
 * @param url JDBC, as the operator wrote it; may hold a password
 * @param poolSize most connections open at once
 * @param appendQueue events that may wait for their commit; beyond, the webhook is answered 503
 * @param appendBatch most events in one commit
 */
public record StoreSettings(
    String url,
    @Nullable String username,
    @Nullable String password,
    int poolSize,
    int appendQueue,
    int appendBatch) {

  @Override
  public String toString() {
    return "StoreSettings[poolSize=%d, appendQueue=%d, appendBatch=%d]"
        .formatted(poolSize, appendQueue, appendBatch);
  }
}
