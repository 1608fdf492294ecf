package convor.relay.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import convor.relay.verify.Schemes;
import convor.relay.verify.Source;
import convor.relay.verify.Verdict;
import convor.relay.verify.Verifier;
import convor.relay.verify.WebhookRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class PretendConvorTest {
  static final List<String> TYPES = ConvorEvents.TYPES;
  private static final String SECRET = "a-secret-of-at-least-thirty-two-characters";

  private final BlockingQueue<Integer> answers = new LinkedBlockingQueue<>();
  private final ConcurrentLinkedQueue<Verdict> verdicts = new ConcurrentLinkedQueue<>();
  private HttpServer relay;
  private PretendConvor convor;

  @BeforeEach
  void start() throws IOException {
    relay = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    relay.createContext("/webhooks/", this::receive);
    relay.start();
    URI webhooks = URI.create("http://127.0.0.1:" + relay.getAddress().getPort() + "/webhooks/");
    List<Duration> pauses = List.of(Duration.ofMillis(10), Duration.ofMillis(10));
    convor = new PretendConvor(webhooks, Map.of("acme", SECRET, "globex", SECRET), pauses);
  }

  @AfterEach
  void stop() {
    convor.close();
    relay.stop(0);
  }

  private void receive(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String org = exchange.getRequestURI().getPath().substring("/webhooks/".length());
    Source source =
        new Source(
            org, "convor", Schemes.named("convor", Map.of()), List.of(SECRET), true, "org_" + org);
    WebhookRequest request =
        new WebhookRequest(
            "POST",
            exchange.getRequestURI().toString(),
            exchange.getRequestHeaders()::getFirst,
            body);
    verdicts.add(Verifier.verify(source, request, Instant.now(), 1 << 20));
    Integer status = answers.poll();
    byte[] answer = "{\"status\":\"accepted\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status == null ? 202 : status, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  @ParameterizedTest
  @FieldSource("TYPES")
  void each_type_is_signed_so_that_the_relay_verifies_it(String type) {
    Sent sent = convor.send("acme", type).join();
    assertThat(sent)
        .returns("accepted", Sent::state)
        .returns(202, Sent::status)
        .returns(1, Sent::attempts);
    Verdict verdict = verdicts.remove();
    assertThat(verdict).isInstanceOf(Verdict.Verified.class);
    Verdict.Verified verified = (Verdict.Verified) verdict;
    assertThat(verified.key()).isEqualTo(sent.id());
    assertThat(verified.type()).isEqualTo(type);
    assertThat(verified.subject()).isNotNull();
    assertThat(verified.version()).isNotNull();
  }

  @Test
  void an_event_that_is_not_accepted_is_sent_again_the_same_and_given_up_in_the_end() {
    answers.addAll(List.of(503, 503));
    assertThat(convor.send("globex", "conversation.closed").join())
        .returns("accepted", Sent::state)
        .returns(3, Sent::attempts);
    Set<String> keys = new HashSet<>();
    verdicts.forEach(v -> keys.add(((Verdict.Verified) v).key()));
    assertThat(keys).hasSize(1);

    answers.addAll(List.of(503, 503, 401));
    assertThat(convor.send("globex", "conversation.closed").join())
        .returns("given up", Sent::state)
        .returns(401, Sent::status);
    assertThat(convor.sent()).extracting(Sent::state).containsExactly("accepted", "given up");
  }

  @Test
  void a_relay_that_is_away_is_an_answer_too() {
    relay.stop(0);
    Sent sent = convor.send("acme", "message.created").join();
    assertThat(sent).returns("given up", Sent::state).returns(0, Sent::status);
    assertThat(sent.answer()).contains("ConnectException");
  }

  @Test
  void the_timer_sends_until_it_is_stopped_and_the_list_is_bounded() {
    convor.every(10_000);
    assertThat(convor.perSecond()).isEqualTo(PretendConvor.MAX_PER_SECOND);
    await().atMost(Duration.ofSeconds(20)).until(() -> convor.total() > 250);
    convor.every(0);
    assertThat(convor.sent()).hasSizeLessThanOrEqualTo(200);
    assertThat(verdicts).allSatisfy(v -> assertThat(v).isInstanceOf(Verdict.Verified.class));
  }

  @ParameterizedTest
  @CsvSource({"0, ''", "1, 123456789", "3, 369", "10, ''"})
  void every_nth_webhook_is_lost_and_its_event_has_happened(int n, String lost) {
    convor.loseEvery(n);
    List<String> happened = new ArrayList<>();
    for (int i = 1; i <= 9; i++) {
      Sent sent = convor.send("acme", "conversation.created").join();
      happened.add(sent.about());
      assertThat(sent)
          .returns(lost.contains(String.valueOf(i)) ? "lost" : "accepted", Sent::state)
          .returns(lost.contains(String.valueOf(i)) ? 0 : 1, Sent::attempts);
    }
    assertThat(verdicts).hasSize(9 - lost.length());
    assertThat(convor.lost()).isEqualTo(lost.length());
    assertThat(convor.total()).isEqualTo(9);
    ConvorAccount.Wanted all = new ConvorAccount.Wanted(null, null, null, 100);
    assertThat(convor.account("acme").conversations(all).orElseThrow().rows())
        .extracting(row -> row.path("id").asText())
        .containsExactlyElementsOf(happened);

    convor.loseEvery(0);
    assertThat(convor.send("acme", "conversation.closed").join()).returns("accepted", Sent::state);
    assertThatThrownBy(() -> convor.loseEvery(-1)).hasMessageContaining("everyNth is 0");
  }

  @Test
  void unknown_organizations_and_types_are_refused() {
    assertThatThrownBy(() -> convor.send("initech", "conversation.closed"))
        .hasMessage("org is one of acme, globex");
    assertThatThrownBy(() -> convor.send("acme", "conversation.lost"))
        .hasMessageStartingWith("type is one of");
    assertThatThrownBy(() -> convor.account("initech")).hasMessageStartingWith("org is one of");
  }

  @Test
  void events_hold_what_breaks_templates() {
    ConvorEvents events = new ConvorEvents(InstantSource.system(), new Random(1));
    Set<String> ids = new HashSet<>();
    StringBuilder subjects = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      ObjectNode event = events.next("acme", "conversation.tagged");
      ids.add(event.path("id").asText());
      subjects.append(event.at("/data/conversation/subject").asText());
      assertThat(event.at("/data/conversation/tags").toString()).contains("\"bug\"");
      assertThat(event.at("/data/conversation/visitor/email").asText()).contains("@");
    }
    assertThat(ids).hasSize(200);
    assertThat(subjects.toString()).contains("\"", "\n", "💥", "<", "${");
  }
}
