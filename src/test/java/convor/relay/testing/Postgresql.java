package convor.relay.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.ZipFile;

/** A real PostgreSQL on a free port of 127.0.0.1, in a folder of its own. */
public final class Postgresql implements AutoCloseable {
  /** The versions that are tested: the oldest and the newest that are supported. */
  public enum Version {
    OLDEST,
    NEWEST
  }

  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final AtomicInteger DATABASES = new AtomicInteger();

  private final Version version;
  private final Path folder;
  private final boolean durable;
  private final int port = TestRelay.freePort();
  private EmbeddedPostgres server;

  private Postgresql(Version version, Path folder, boolean durable) {
    this.version = version;
    this.folder = folder;
    this.durable = durable;
    start();
  }

  /** For tests that do not crash it: nothing is flushed. */
  public static Postgresql quick(Version version, Path folder) {
    return new Postgresql(version, folder, false);
  }

  /** As in production. */
  public static Postgresql durable(Path folder) {
    return new Postgresql(Version.NEWEST, folder, true);
  }

  /** Starts it, again after {@link #kill}, with the data that it had; returns when it answers. */
  public void start() {
    try {
      EmbeddedPostgres.Builder builder =
          EmbeddedPostgres.builder()
              .setPort(port)
              .setDataDirectory(folder.resolve("data"))
              .setCleanDataDirectory(false)
              .setPGStartupWait(PATIENCE)
              .setServerConfig("max_connections", "100")
              .setServerConfig("fsync", durable ? "on" : "off")
              .setServerConfig("synchronous_commit", durable ? "on" : "off")
              .setServerConfig("full_page_writes", durable ? "on" : "off");
      if (version == Version.OLDEST) {
        builder
            .setPgBinaryResolver((system, machine) -> oldest())
            .setOverrideWorkingDirectory(Path.of("target/postgresql/oldest").toFile());
      }
      server = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream oldest() throws IOException {
    ZipFile jar = new ZipFile("target/postgresql/oldest.jar");
    return new FilterInputStream(jar.getInputStream(jar.getEntry("postgres-linux-x86_64.txz"))) {
      @Override
      public void close() throws IOException {
        jar.close();
      }
    };
  }

  /** Immediate shutdown: it ends without a word to anyone, and recovers at its next start. */
  public void kill() {
    try {
      ProcessHandle process = postmaster();
      signal("QUIT", process);
      process.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes connections and requests from now on, and answers none. */
  public void freeze() {
    ProcessHandle postmaster = postmaster();
    signal("STOP", postmaster); // first: it starts no more
    postmaster.children().forEach(child -> signal("STOP", child));
  }

  public void thaw() {
    ProcessHandle postmaster = postmaster();
    postmaster.children().forEach(child -> signal("CONT", child));
    signal("CONT", postmaster);
  }

  private ProcessHandle postmaster() {
    try {
      Path pid = folder.resolve("data/postmaster.pid"); // its first line
      return ProcessHandle.of(Long.parseLong(Files.readAllLines(pid).get(0))).orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void signal(String name, ProcessHandle process) {
    try {
      new ProcessBuilder("kill", "-" + name, process.pid() + "").start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Makes an empty database; returns its URL, with the user and without a password. */
  public String emptyDatabase() {
    String name = "relay_" + DATABASES.incrementAndGet();
    execute(url("postgres"), "create database " + name);
    return url(name);
  }

  private String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=postgres";
  }

  public static void execute(String url, String sql) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The one column of a query's rows. */
  public static List<String> column(String url, String sql) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> column = new ArrayList<>();
      while (rows.next()) {
        column.add(rows.getString(1));
      }
      return column;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
