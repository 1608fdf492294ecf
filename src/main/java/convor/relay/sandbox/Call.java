package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request that a pretend destination took.
 *
 * @param caller the user of the credentials, or a short hash of them
 * @param path below the destination's prefix, with its query
 * @param headers content type, user agent and idempotency key; never the authorization
 * @param key by which the caller tells its attempts apart: the idempotency key, else the marker in
 *     what it creates
 * @param body missing when it was not JSON, a remark when it was over 16 KiB
 * @param status answered; 0 when there was no answer
 * @param fault that was applied, by wire name; null when none was
 */
public record Call(
    Instant at,
    String caller,
    String method,
    String path,
    Map<String, String> headers,
    @Nullable String key,
    JsonNode body,
    int status,
    @Nullable String fault) {}
