package convor.relay.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import convor.relay.crash.Load;
import convor.relay.testing.Certificate;
import convor.relay.testing.KafkaBroker;
import convor.relay.testing.Postgresql;
import convor.relay.testing.RelayProcess;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The routes of routes/kafka, with a real broker and PostgreSQL. */
class KafkaIT {
  private static final Duration SOON = Duration.ofMinutes(1);
  private static final String OF_SUBJECT =
      "select event_key from event where subject = 'conversation/%s' order by id";
  private static final String INTAKE = RelayProcess.text(Path.of("routes/kafka/intake.camel.yaml"));
  private static final AtomicInteger TOPICS = new AtomicInteger();

  @TempDir static Path servers;
  private static Certificate certificate;
  private static KafkaBroker broker;
  private static Postgresql postgresql;

  @TempDir Path folder;
  private final String topic = "events-" + TOPICS.incrementAndGet();
  private String store;

  @BeforeAll
  static void startServers() throws Exception {
    certificate = Certificate.of("ip:127.0.0.1", servers);
    broker = new KafkaBroker(Files.createDirectory(servers.resolve("kafka")), certificate);
    postgresql = Postgresql.durable(Files.createDirectory(servers.resolve("postgresql")));
  }

  @AfterAll
  static void stopServers() {
    broker.close();
    postgresql.close();
  }

  @BeforeEach
  void emptyStore() {
    store = postgresql.emptyDatabase();
  }

  @Test
  void a_broker_that_is_killed_is_a_503_and_loses_nothing() throws Exception {
    try (RelayProcess relay = node("one").start();
        Load load = new Load(List.of(relay), 12, Integer.MAX_VALUE)) {
      awaitMore(load);
      broker.kill();
      HttpResponse<String> refused = relay.send(Load.event("evt_away"));
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Retry-After")).hasValue("5");
      broker.start();
      awaitMore(load);
      load.finish();
      awaitStored(load.acknowledged());
      System.out.printf(
          "broker killed: %d acknowledged, answers %s%n",
          load.acknowledged().size(), load.answers());
    }
  }

  @Test
  void a_node_that_joins_and_one_that_is_killed_lose_nothing_and_keep_the_order_of_a_subject()
      throws Exception {
    try (RelayProcess one = node("one").start();
        RelayProcess two = node("two")) {
      try (SubjectLoad load = new SubjectLoad(List.of(one, two), 12)) {
        awaitMore(load);
        two.start();
        awaitMore(load);
        one.kill();
        awaitMore(load);
        one.start();
        awaitMore(load);
        load.finish();
        awaitStored(Set.copyOf(load.acknowledged()));
        load.bySubject()
            .forEach(
                (subject, keys) ->
                    assertThat(Postgresql.column(store, OF_SUBJECT.formatted(subject)))
                        .as("%s, in the order in which it was sent", subject)
                        .isEqualTo(keys));
        System.out.printf("joined and killed: %d acknowledged%n", load.acknowledged().size());
      }
    }
  }

  @Test
  void while_the_store_is_away_events_are_acknowledged_and_wait_in_kafka() throws Exception {
    String impatient = INTAKE.replace("maximumRedeliveries: 10", "maximumRedeliveries: 1");
    assertThat(impatient).isNotEqualTo(INTAKE);
    try (RelayProcess relay = node("one").route("intake", impatient).start()) {
      List<String> keys = new ArrayList<>();
      accepted(relay, keys, "evt_before");
      awaitStored(Set.copyOf(keys));
      postgresql.kill();
      await().atMost(SOON).until(() -> relay.get("/health").body().contains("\"store\":\"down\""));
      assertThat(relay.health()).as("webhooks need no store").isEqualTo(200);
      for (int i = 0; i < 300; i++) {
        accepted(relay, keys, "evt_ünï_" + i);
      }
      await().atMost(SOON).until(() -> relay.output().contains("Reconnecting Kafka consumer"));
      postgresql.start();
      accepted(relay, keys, "evt_after");
      awaitStored(Set.copyOf(keys));
    }
  }

  @Test
  void a_record_that_is_no_event_is_rejected_and_keeps_nothing_back() throws Exception {
    String stray =
        stray("nothing")
            + stray("no-time", "RelayKey", "k_1", "RelayReceivedAt", "yesterday")
            + stray("too-long", "RelayKey", "k_2", "RelayType", "x".repeat(129))
            + stray("unknown-org", "RelayKey", "evt_of_unknown", "RelayOrg", "unknown");
    try (RelayProcess relay = node("one").route("stray", stray).start()) {
      List<String> keys = new ArrayList<>();
      accepted(relay, keys, "evt_1");
      for (String path : List.of("nothing", "no-time", "too-long", "unknown-org")) {
        assertThat(relay.get("/stray/" + path).statusCode()).isEqualTo(200);
      }
      accepted(relay, keys, "evt_2");
      keys.add("evt_of_unknown");
      awaitStored(Set.copyOf(keys));
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(Postgresql.column(store, "select org || ': ' || detail from rejected"))
                      .hasSize(3)
                      .anySatisfy(
                          line -> assertThat(line).startsWith("-: " + topic).contains("RelayOrg"))
                      .anySatisfy(line -> assertThat(line).startsWith("acme: " + topic)));
    }
  }

  @Test
  void with_tls_and_a_password_it_connects_by_camels_own_settings() throws Exception {
    RelayProcess secured =
        node("one")
            .set("relay.kafka.brokers", broker.secureAddress())
            .set("camel.component.kafka.security-protocol", "SASL_SSL")
            .set("camel.component.kafka.sasl-mechanism", "PLAIN")
            .set(
                "camel.component.kafka.sasl-jaas-config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\";"
                    .formatted(KafkaBroker.USER, KafkaBroker.PASSWORD))
            .set("camel.component.kafka.ssl-truststore-type", "PEM")
            .set("camel.component.kafka.ssl-truststore-location", "" + certificate.pem());
    try (secured) {
      List<String> keys = new ArrayList<>();
      accepted(secured.start(), keys, "evt_1");
      awaitStored(Set.copyOf(keys));
      assertThat(secured.output()).doesNotContain(KafkaBroker.PASSWORD);
    }
  }

  /**
   * Takes a GET, and puts a record into the topic, with these headers besides those of an event.
   */
  private static String stray(String name, String... headers) {
    Map<String, String> all = new TreeMap<>();
    if (headers.length > 0) {
      all.putAll(Map.of("RelayOrg", "acme", "RelaySource", "convor", "RelayType", "note"));
    }
    for (int i = 0; i < headers.length; i += 2) {
      all.put(headers[i], headers[i + 1]);
    }
    String steps =
        all.entrySet().stream()
            .map(
                header ->
                    "        - setHeader: {name: %s, constant: %s}\n"
                        .formatted(header.getKey(), header.getValue()))
            .collect(Collectors.joining());
    return """
        - route:
            id: stray-%1$s
            from:
              uri: platform-http:/stray/%1$s
              steps:
                - setBody: {constant: stray}
        %2$s        - to: kafka:{{relay.kafka.topic}}?brokers={{relay.kafka.brokers}}
        """
        .formatted(name, steps);
  }

  /** Sends until it is accepted: the first event may come before the topic is made. */
  private static void accepted(RelayProcess relay, List<String> keys, String key) {
    await().atMost(SOON).until(() -> relay.send(Load.event(key)).statusCode() == 202);
    keys.add(key);
  }

  private static void awaitMore(SubjectLoad load) {
    int before = load.acknowledged().size();
    await().atMost(SOON).until(() -> load.acknowledged().size() > before + 500);
  }

  private static void awaitMore(Load load) {
    int before = load.acknowledged().size();
    await().atMost(SOON).until(() -> load.acknowledged().size() > before + 300);
  }

  /** All that was acknowledged is stored, once, and nothing else. */
  private void awaitStored(Set<String> acknowledged) {
    String keys = "select event_key from event";
    await().atMost(SOON).until(() -> Postgresql.column(store, keys).size() >= acknowledged.size());
    assertThat(Postgresql.column(store, keys)).containsExactlyInAnyOrderElementsOf(acknowledged);
  }

  private RelayProcess node(String name) throws IOException {
    return new RelayProcess(Files.createDirectory(folder.resolve(name)))
        .route("receive", RelayProcess.text(Path.of("routes/kafka/receive.camel.yaml")))
        .route("intake", INTAKE)
        .set("relay.store.url", store)
        .set("relay.kafka.brokers", broker.address())
        .set("relay.kafka.topic", topic);
  }
}
