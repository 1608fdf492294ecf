package convor.relay.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears, over a connection of its own, for which organizations other nodes append. It is a
 * shortcut: what it misses while it is not connected is found by the next look into the store.
 */
final class Wakeups implements AutoCloseable {
  static final String CHANNEL = "relay_appended";

  private static final Logger log = LoggerFactory.getLogger(Wakeups.class);
  private static final int LISTEN_MS = 1_000;
  private static final long RECONNECT_MS = 1_000;

  private final Database.Call<Connection> connect;
  private final String node;
  private final Consumer<Set<String>> listener;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = new Thread(this::listenUntilClosed, "wake-ups");

  /**
   * Listens at once.
   *
   * @param node who we are: our own appends are known already
   */
  Wakeups(Database.Call<Connection> connect, String node, Consumer<Set<String>> listener) {
    this.connect = connect;
    this.node = node;
    this.listener = listener;
    thread.setDaemon(true);
    thread.start();
  }

  private void listenUntilClosed() {
    boolean told = false; // once, while it lasts
    try {
      do {
        try (Connection connection = connect.call();
            Statement statement = connection.createStatement()) {
          statement.execute("listen " + CHANNEL);
          told = false;
          listen(connection.unwrap(PGConnection.class), statement);
        } catch (SQLException e) {
          if (!told) {
            log.warn("does not hear of other nodes' events at once: {}", Database.rootMessage(e));
          }
          told = true;
        }
      } while (!closed.await(RECONNECT_MS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void listen(PGConnection connection, Statement statement) throws SQLException {
    while (closed.getCount() > 0) {
      PGNotification[] heard = connection.getNotifications(LISTEN_MS);
      if (heard == null || heard.length == 0) {
        statement.execute("select 1"); // fails when the server is gone
      } else {
        Set<String> orgs = new HashSet<>();
        for (PGNotification one : heard) {
          String[] said = one.getParameter().split(" ", 2);
          if (said.length == 2 && !said[0].equals(node)) {
            orgs.add(said[1]);
          }
        }
        if (!orgs.isEmpty()) {
          listener.accept(orgs);
        }
      }
    }
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
