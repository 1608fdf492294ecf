package convor.relay.sandbox;

import java.util.Map;

/**
 * Counts of one pretend destination since its start or last reset. Exactly once means {@code
 * distinctKeys == created} and no {@code duplicates}.
 *
 * @param created things created
 * @param updated contacts written again
 * @param faults calls that a fault hit
 * @param prevented creations that the destination recognised, or that a look before found done
 * @param duplicates things created again under a marker that was there already
 * @param distinctKeys different keys among the calls of each account and path, see {@link Call#key}
 * @param byStatus calls by answered status, {@code none} for no answer
 */
public record Counts(
    long calls,
    long created,
    long updated,
    long faults,
    long prevented,
    long duplicates,
    long distinctKeys,
    Map<String, Long> byStatus) {}
