package convor.relay.bench;

import convor.relay.verify.Schemes;
import convor.relay.verify.Signer;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A first figure of the packaged jar: {@code java -cp target/test-classes:target/convor-relay.jar
 * convor.relay.bench.Load [seconds] [connections] [connectors]}. A relay of its own with an H2 file
 * in a temporary folder, driven closed-loop over loopback from this process, with {@code
 * connectors} routes that post each event to a server in this process.
 */
public final class Load {
  private static final String SECRET = "0123456789abcdef0123456789abcdef";
  private static final int BODY = 1024;
  private static final int MAX_SAMPLES = 4_000_000;
  private static final Duration WARM_UP = Duration.ofSeconds(20);

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
  private final HttpClient client =
      vertx.createHttpClient(new HttpClientOptions().setMaxPoolSize(1_024));
  private final AtomicLong sequence = new AtomicLong();
  private final AtomicLong delivered = new AtomicLong();
  private final AtomicInteger samples = new AtomicInteger();
  private final long[] latencies = new long[MAX_SAMPLES];
  private final AtomicLong failed = new AtomicLong();
  private volatile boolean measuring;
  private volatile boolean stopping;

  private Load() {}

  public static void main(String[] args) throws Exception {
    int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 20;
    int connections = args.length > 1 ? Integer.parseInt(args[1]) : 64;
    int connectors = args.length > 2 ? Integer.parseInt(args[2]) : 0;
    new Load().run(seconds, connections, connectors);
    System.exit(0);
  }

  private void run(int seconds, int connections, int connectors) throws Exception {
    int sink =
        vertx
            .createHttpServer()
            .requestHandler(
                request -> {
                  delivered.incrementAndGet();
                  request.response().end();
                })
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .get()
            .actualPort();
    Path folder = Files.createTempDirectory("relay-load");
    int port = 28_080 + ThreadLocalRandom.current().nextInt(1_000);
    write(folder, port, sink, connectors);
    Process relay =
        new ProcessBuilder(
                "java",
                "-Xmx512m",
                "-jar",
                Path.of("target/convor-relay.jar").toAbsolutePath().toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("relay.log").toFile())
            .start();
    try {
      awaitUp(port);
      CountDownLatch done = new CountDownLatch(connections);
      for (int i = 0; i < connections; i++) {
        next(port, done);
      }
      Thread.sleep(WARM_UP.toMillis());
      measuring = true;
      long cpu = cpuMillis(relay);
      long before = delivered.get();
      long from = System.nanoTime();
      Thread.sleep(seconds * 1_000L);
      measuring = false;
      double took = (System.nanoTime() - from) / 1e9;
      cpu = cpuMillis(relay) - cpu;
      long deliveredNow = delivered.get() - before;
      stopping = true;
      done.await();
      report(took, cpu, deliveredNow, connectors);
      if (connectors > 0) {
        drain(connectors);
      }
      System.out.printf(
          "store: %d bytes per event%n",
          Files.size(folder.resolve("data/relay.mv.db")) / sequence.get());
    } finally {
      relay.destroy();
      relay.waitFor();
      System.out.println("log: " + folder.resolve("relay.log"));
    }
  }

  private void report(double took, long cpuMillis, long deliveries, int connectors) {
    int count = samples.get();
    long[] sorted = Arrays.copyOf(latencies, count);
    Arrays.sort(sorted);
    System.out.printf(
        "acknowledged: %.0f/s, p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, failed %d, relay's CPU %.0f us per event%n",
        count / took,
        sorted[count / 2] / 1e6,
        sorted[(int) (count * 0.99)] / 1e6,
        sorted[(int) (count * 0.999)] / 1e6,
        failed.get(),
        cpuMillis * 1_000.0 / count);
    if (connectors > 0) {
      System.out.printf("meanwhile delivered: %.0f/s%n", deliveries / took);
    }
  }

  private void drain(int connectors) throws InterruptedException {
    long from = System.nanoTime();
    long first = delivered.get();
    long all = sequence.get() * connectors;
    while (delivered.get() < all && System.nanoTime() - from < 120e9) {
      Thread.sleep(20);
    }
    double took = (System.nanoTime() - from) / 1e9;
    System.out.printf(
        "backlog of %d delivered at %.0f/s%n", all - first, (delivered.get() - first) / took);
  }

  private void next(int port, CountDownLatch done) {
    if (stopping) {
      done.countDown();
      return;
    }
    byte[] body = body(sequence.incrementAndGet());
    Map<String, String> headers =
        Signer.sign(Schemes.named("convor", Map.of()), SECRET, "", body, Instant.now(), "POST", "");
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setHost("127.0.0.1")
            .setPort(port)
            .setURI("/webhooks/acme");
    headers.forEach(options::putHeader);
    long from = System.nanoTime();
    client
        .request(options)
        .compose(request -> request.send(Buffer.buffer(body)))
        .compose(response -> response.body().map(response.statusCode()))
        .onComplete(
            result -> {
              if (result.failed() || result.result() != 202) {
                failed.incrementAndGet();
              } else if (measuring) {
                int at = samples.getAndIncrement();
                latencies[at] = System.nanoTime() - from;
              }
              next(port, done);
            });
  }

  private static byte[] body(long number) {
    String start =
        """
        {"id":"evt_%d","type":"conversation.created","data":{"conversation":{"id":"c_%d","subject":"Refund",\
        "updated_at":"2026-11-23T10:00:00Z"},"message":{"text":\""""
            .formatted(number, number % 5_000);
    StringBuilder text = new StringBuilder(start);
    while (text.length() < BODY - 4) {
      text.append((char) ('a' + ThreadLocalRandom.current().nextInt(26)));
    }
    return text.append("\"}}}").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void write(Path folder, int port, int sink, int connectors) throws IOException {
    Files.writeString(
        folder.resolve("application.properties"),
        """
        camel.server.host = 127.0.0.1
        camel.server.port = %d
        relay.admin.port = 0
        relay.orgs.acme.webhook.secrets = %s
        """
            .formatted(port, SECRET));
    Path routes = Files.createDirectories(folder.resolve("routes"));
    Files.copy(Path.of("routes/receive.camel.yaml"), routes.resolve("receive.camel.yaml"));
    for (int i = 1; i <= connectors; i++) {
      Files.writeString(
          routes.resolve("sink" + i + ".camel.yaml"),
          """
          - route:
              id: sink%d
              from:
                uri: inbox:sink%d
                steps:
                  - setBody: {jq: '{subject: .data.conversation.subject}'}
                  - marshal: {json: {}}
                  - to: http://127.0.0.1:%d/
          """
              .formatted(i, i, sink));
    }
  }

  private void awaitUp(int port) throws InterruptedException {
    for (int i = 0; i < 600; i++) {
      CountDownLatch answered = new CountDownLatch(1);
      AtomicInteger status = new AtomicInteger();
      client
          .request(HttpMethod.GET, port, "127.0.0.1", "/health")
          .compose(request -> request.send())
          .onComplete(
              result -> {
                status.set(result.succeeded() ? result.result().statusCode() : 0);
                answered.countDown();
              });
      answered.await();
      if (status.get() == 200) {
        return;
      }
      Thread.sleep(50);
    }
    throw new IllegalStateException("the relay did not start");
  }

  private static long cpuMillis(Process process) throws IOException {
    String[] stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat")).split(" ", -1);
    return (Long.parseLong(stat[13]) + Long.parseLong(stat[14])) * 10;
  }
}
