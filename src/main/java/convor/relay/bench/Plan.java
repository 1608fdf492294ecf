package convor.relay.bench;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is measured.
 *
 * @param store JDBC URL of a database for this only; null for an H2 file in a temporary folder
 * @param warmUp before a server's figures; up to six times as long while its compiler works
 * @param measure each figure
 * @param connections that send as fast as they are answered
 * @param size of a body in bytes
 * @param rate events per second that are sent whether or not the ones before are answered
 * @param connectors subscribed to each event
 * @param eventsStored before it begins
 */
public record Plan(
    @Nullable String store,
    Duration warmUp,
    Duration measure,
    int connections,
    int size,
    int rate,
    int connectors,
    int eventsStored) {}
