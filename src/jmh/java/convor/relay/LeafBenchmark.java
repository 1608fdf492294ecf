package convor.relay;

import com.fasterxml.jackson.databind.JsonNode;
import convor.relay.verify.Bodies;
import convor.relay.verify.Scheme;
import convor.relay.verify.Schemes;
import convor.relay.verify.Signer;
import convor.relay.verify.Source;
import convor.relay.verify.Verdict;
import convor.relay.verify.Verifier;
import convor.relay.verify.WebhookRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What is computed for each request, and again for each delivery, without I/O: a body of 1 KiB. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class LeafBenchmark {
  private static final int MAX = 8 << 20;
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final byte[] body = event(1024);

  /** A request as a sender of one scheme signs it. */
  @State(Scope.Benchmark)
  public static class Signed {
    @Param({"convor", "standard-webhooks"})
    public String scheme = "";

    private Source source;
    private WebhookRequest request;

    @Setup
    public void sign() {
      Scheme signed = Schemes.named(scheme, Map.of());
      String secret =
          scheme.equals("standard-webhooks")
              ? "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
              : "0123456789abcdef0123456789abcdef";
      source = new Source("acme", "convor", signed, List.of(secret), false, null);
      byte[] body = event(1024);
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      headers.putAll(Signer.sign(signed, secret, "evt_1", body, NOW, "POST", "http://relay/"));
      headers.put("Content-Type", "application/json");
      request = new WebhookRequest("POST", "http://relay/", headers::get, body);
      if (!(verdict() instanceof Verdict.Verified)) {
        throw new IllegalStateException("it would measure a refusal: " + verdict());
      }
    }

    Verdict verdict() {
      return Verifier.verify(source, request, NOW, MAX);
    }
  }

  /** Raw bytes to verdict: HMAC, JSON, and where key, type, subject and version are. */
  @Benchmark
  public Verdict verify(Signed signed) {
    return signed.verdict();
  }

  /** Stored bytes to what a route gets. */
  @Benchmark
  public JsonNode parse() throws IOException {
    return Bodies.json(Bodies.decode(body, null, MAX), "application/json");
  }

  static byte[] event(int size) {
    String begin =
        """
        {"id":"evt_1","type":"conversation.created","organization_id":"org_acme","data":{"conversation":\
        {"id":"c_1","subject":"Refund","updated_at":"2026-01-01T00:00:00Z"},"message":{"text":\"""";
    String end = "\"}}}";
    return (begin + "x".repeat(size - begin.length() - end.length()) + end)
        .getBytes(StandardCharsets.UTF_8);
  }
}
