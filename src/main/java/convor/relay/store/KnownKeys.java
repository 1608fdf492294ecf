package convor.relay.store;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The keys of what is stored, and of what was stored and is pruned: by them an event that is sent
 * again is known. A key is its hash, {@link Event#keyHash}.
 */
interface KnownKeys {
  /** Those of {@code hashes} that are known. */
  Set<ByteBuffer> known(Connection connection, List<byte[]> hashes) throws SQLException;

  /**
   * Part of the transaction that inserts these events, none of which was known.
   *
   * @param receivedAt by the events' hashes, in the order of their ids
   */
  void stored(Connection connection, Map<ByteBuffer, Instant> receivedAt) throws SQLException;

  /** Part of the transaction that removes these events, before it does: their keys stay known. */
  void pruned(Connection connection, List<Long> events) throws SQLException;

  /**
   * Forgets the keys of pruned events that were received before {@code before}, in steps.
   *
   * @param goOn is asked after each step
   */
  void forget(Instant before, BooleanSupplier goOn);
}
