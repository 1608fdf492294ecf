package convor.relay.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The class archive (AppCDS) that makes a start faster: classes are mapped from it instead of being
 * read from the jar. A jar cannot ask for one, the JVM has to be told: {@code
 * -XX:SharedArchiveFile=FILE}. It passes over a file that is missing or was made by another JDK, or
 * of another jar or place; this then makes the file for the next start.
 */
final class ClassArchive {
  private static final Logger log = LoggerFactory.getLogger(ClassArchive.class);
  private static final String OPTION = "-XX:SharedArchiveFile=";

  /** A start is over by then, and a relay that is started again and again does not come so far. */
  private static final long DELAY_SECONDS = 10;

  private static final Path MAPPED = Path.of("/proc/self/maps");

  private ClassArchive() {}

  /**
   * Makes the archive in a while, in a process of its own, if this JVM was to use one and has not.
   */
  static void keep() {
    CompletableFuture.delayedExecutor(DELAY_SECONDS, TimeUnit.SECONDS, ClassArchive::inBackground)
        .execute(ClassArchive::makeIfMissed);
  }

  private static void inBackground(Runnable task) {
    Thread thread = new Thread(task, "class-archive");
    thread.setDaemon(true);
    thread.start();
  }

  private static void makeIfMissed() {
    List<String> options = ManagementFactory.getRuntimeMXBean().getInputArguments();
    String jar = System.getProperty("java.class.path", "");
    String file =
        options.stream()
            .filter(option -> option.startsWith(OPTION))
            .reduce("", (earlier, last) -> last.substring(OPTION.length()));
    boolean byItself =
        options.contains("-XX:+AutoCreateSharedArchive") || options.contains("-Xshare:off");
    if (file.isEmpty() || byItself || !jar.endsWith(".jar")) {
      return;
    }
    Path archive = Path.of(file).toAbsolutePath();
    try {
      if (!isMapped(archive)) {
        make(jar, archive);
      }
    } catch (IOException e) {
      log.warn("the class archive {} was not made: {}", archive, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean isMapped(Path archive) throws IOException {
    if (!Files.exists(archive) || !Files.exists(MAPPED)) { // where that cannot be seen, it is
      return Files.exists(archive);
    }
    String name = " " + archive.toRealPath();
    try (Stream<String> mapped = Files.lines(MAPPED)) {
      return mapped.anyMatch(line -> line.endsWith(name));
    }
  }

  private static void make(String jar, Path archive) throws IOException, InterruptedException {
    Path made = archive.resolveSibling(archive.getFileName() + ".new");
    long begin = System.nanoTime();
    ProcessBuilder rehearsal =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:ArchiveClassesAtExit=" + made,
            "-XX:+UseSerialGC",
            "-Xmx192m",
            "-jar",
            jar, // as the JVM was told it: of another spelling the archive would not be taken
            "rehearse");
    rehearsal.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
    rehearsal.redirectErrorStream(true).redirectOutput(Redirect.DISCARD);
    Process process = rehearsal.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    int code = process.waitFor();
    if (code != 0 || !Files.exists(made)) {
      log.warn("the class archive {} was not made: the rehearsal ended with {}", archive, code);
      return;
    }
    Files.move(made, archive, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    log.info(
        "class archive {} made in {} s; the next start is faster",
        archive,
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin));
  }
}
