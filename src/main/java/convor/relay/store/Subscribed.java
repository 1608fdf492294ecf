package convor.relay.store;

import org.jspecify.annotations.Nullable;

/**
 * What this node's routes make of a pair.
 *
 * @param types regular expression that a whole type matches if the connector takes it
 * @param missing why the organization is not subscribed, or null if it is
 */
public record Subscribed(Pair pair, String types, @Nullable String missing) {}
