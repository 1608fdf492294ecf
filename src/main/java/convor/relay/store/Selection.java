package convor.relay.store;

import java.time.Duration;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which events a connector takes and how.
 *
 * @param types true for the types it takes
 * @param bySubject a later event of a subject waits for the earlier one
 * @param rate attempts of one organization, or null for no limit
 * @param lease how long a claimed delivery belongs to the claimer
 * @param probeEvery pause between the probes of a parked pair
 */
public record Selection(
    Predicate<String> types,
    boolean bySubject,
    @Nullable Rate rate,
    Duration lease,
    Duration probeEvery) {}
