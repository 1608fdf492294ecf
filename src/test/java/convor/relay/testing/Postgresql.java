package convor.relay.testing;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;

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
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.awaitility.Awaitility;

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
  private final Map<String, String> more;
  private final int port = TestRelay.freePort();
  private EmbeddedPostgres server;

  private Postgresql(Version version, Path folder, boolean durable, Map<String, String> more) {
    this.version = version;
    this.folder = folder;
    this.durable = durable;
    this.more = more;
    start();
  }

  /** For tests that do not crash it: nothing is flushed. */
  public static Postgresql quick(Version version, Path folder) {
    return new Postgresql(version, folder, false, Map.of());
  }

  /** As in production. */
  public static Postgresql durable(Path folder) {
    return new Postgresql(Version.NEWEST, folder, true, Map.of());
  }

  /** That proves by a certificate who it is, and takes connections with TLS or without. */
  public static Postgresql withTls(Path folder, Path certificate, Path key) {
    return new Postgresql(
        Version.NEWEST,
        folder,
        false,
        Map.of("ssl", "on", "ssl_cert_file", "" + certificate, "ssl_key_file", "" + key));
  }

  /**
   * A standby of this one, from a base backup. From now on a commit here returns when it is on the
   * disks of both.
   */
  public Postgresql standby(Path standbysFolder) {
    Path data = standbysFolder.resolve("data");
    try (Connection backup = DriverManager.getConnection(url());
        Statement statement = backup.createStatement()) {
      statement.execute("select pg_backup_start('standby', true)");
      copy(folder.resolve("data"), data);
      try (ResultSet stopped =
          statement.executeQuery("select labelfile from pg_backup_stop(false)")) {
        stopped.next();
        Files.writeString(data.resolve("backup_label"), stopped.getString(1));
      }
      Files.createFile(data.resolve("standby.signal"));
      Files.writeString(
          data.resolve("postgresql.auto.conf"),
          "primary_conninfo = 'host=127.0.0.1 port=" + port + " user=postgres'\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    Postgresql standby = new Postgresql(version, standbysFolder, durable, Map.of());
    execute(url(), "alter system set synchronous_standby_names = '*'");
    execute(url(), "select pg_reload_conf()");
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> column(url(), "select sync_state from pg_stat_replication").contains("sync"));
    return standby;
  }

  /** All but what belongs to the process that runs there. */
  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        Path name = from.relativize(path);
        if (!name.startsWith("postmaster.pid")
            && !name.startsWith("postmaster.opts")
            && !name.startsWith("epg-lock")) {
          Files.copy(path, to.resolve(name), COPY_ATTRIBUTES);
        }
      }
    }
  }

  /** Makes a primary of a standby; returns when it takes writes. */
  public void promote() {
    execute(url(), "select pg_promote()");
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
      more.forEach(builder::setServerConfig);
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
    return emptyDatabase("");
  }

  /** The same with more to say of it in SQL, such as its tablespace. */
  public String emptyDatabase(String how) {
    String name = "relay_" + DATABASES.incrementAndGet();
    execute(url(), "create database " + name + " " + how);
    return url(name);
  }

  /** The URL of its own database {@code postgres}, of which roles and tablespaces are made. */
  public String url() {
    return url("postgres");
  }

  private String url(String database) {
    return "jdbc:postgresql://" + address() + "/" + database + "?user=postgres";
  }

  /** {@code host:port}. */
  public String address() {
    return "127.0.0.1:" + port;
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
