package convor.relay.bench;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.PlatformManagedObject;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.jspecify.annotations.Nullable;

/** This program in a process of its own, whose processor time is its own. */
final class Child implements AutoCloseable {
  static final String ORG = "acme";

  /** Of a relay that nobody else can reach. */
  static final String SECRET = "0123456789abcdef0123456789abcdef";

  private static final Duration START = Duration.ofMinutes(1);
  private static final String HEAP = "-Xmx512m";

  private final Process process;
  private final Path output;
  private final int port;
  private @Nullable JMXConnector management;

  /**
   * Returns when it answers.
   *
   * @throws IllegalStateException if it does not, with the place of what it printed
   */
  Child(Path folder, int port, List<String> arguments) {
    this.port = port;
    this.output = folder.resolve("output.log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    List<String> options = optionsOfThisProcess();
    if (options.stream().noneMatch(option -> option.startsWith("-Xm"))) {
      command.add(HEAP);
    }
    command.addAll(options);
    command.add("-cp");
    command.add(classPath());
    command.add("convor.relay.Main");
    command.addAll(arguments);
    try {
      process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    awaitHealthy();
  }

  /**
   * Such as those of the collector, so that a relay is measured as it is run. Not the class
   * archive: its place is another folder's.
   */
  private static List<String> optionsOfThisProcess() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("-X") && !option.contains("Archive"))
        .toList();
  }

  /** The child runs in a folder of its own. */
  private static String classPath() {
    List<String> absolute = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      absolute.add(Path.of(entry).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, absolute);
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitHealthy() {
    long until = System.nanoTime() + START.toNanos();
    while (!isHealthy()) {
      if (!process.isAlive() || System.nanoTime() - until > 0) {
        close();
        throw new IllegalStateException("it did not start; what it said is in " + output);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private boolean isHealthy() {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/health").toURL().openConnection();
      return connection.getResponseCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  int port() {
    return port;
  }

  /** Processor time of all its threads. */
  Duration cpu() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** Bytes of heap that each of its threads has allocated, by the thread's number. */
  Map<Long, Long> allocated() {
    ThreadMXBean threads = management(ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
    long[] ids = threads.getAllThreadIds();
    long[] bytes = threads.getThreadAllocatedBytes(ids);
    Map<Long, Long> allocated = new HashMap<>();
    for (int i = 0; i < ids.length; i++) {
      allocated.put(ids[i], Math.max(0, bytes[i])); // -1: it has just ended
    }
    return allocated;
  }

  /** How long its compiler has worked. */
  Duration compiled() {
    return Duration.ofMillis(
        management(ManagementFactory.COMPILATION_MXBEAN_NAME, CompilationMXBean.class)
            .getTotalCompilationTime());
  }

  @SuppressWarnings("BanJNDI") // the other side is a child of ours
  private <T extends PlatformManagedObject> T management(String name, Class<T> type) {
    try {
      if (management == null) {
        VirtualMachine machine = VirtualMachine.attach(String.valueOf(process.pid()));
        JMXServiceURL url = new JMXServiceURL(machine.startLocalManagementAgent());
        machine.detach();
        management = JMXConnectorFactory.connect(url);
      }
      return ManagementFactory.newPlatformMXBeanProxy(
          management.getMBeanServerConnection(), name, type);
    } catch (IOException | AttachNotSupportedException e) {
      throw new IllegalStateException("the process cannot be asked: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      if (management != null) {
        management.close();
      }
    } catch (IOException e) {
      // it was on its way out
    }
    process.destroy();
    try {
      if (!process.waitFor(START.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
