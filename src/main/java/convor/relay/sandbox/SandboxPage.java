package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The sandbox's page at {@code /sandbox}, and its JSON below {@code /sandbox/api/}: {@code GET
 * state}, {@code POST send} {@code {"org","type","copies"}}, {@code POST timer} {@code
 * {"perSecond"}}, {@code POST lose} {@code {"everyNth"}}, {@code POST fault} {@code {"destination",
 * …}} with the fields of {@link Fault#fromJson}. The page itself holds no data.
 */
public final class SandboxPage {
  private static final String PATH = "/sandbox";

  /**
   * Script and style are run only with the answer's nonce; the script talks to this origin alone.
   */
  private static final String POLICY =
      "default-src 'none'; script-src 'nonce-NONCE'; style-src 'nonce-NONCE'; connect-src 'self'; "
          + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final String NAMES =
      Arrays.stream(Destination.values())
          .map(Destination::wireName)
          .collect(Collectors.joining(", "));

  private static final int MAX_BODY = 64 * 1024;
  private static final int MAX_COPIES = 50;
  private static final int API_CALLS = 50;

  private final PretendConvor convor;
  private final PretendDestinations destinations;
  private final String html;
  private final SecureRandom random = new SecureRandom();

  private SandboxPage(PretendConvor convor, PretendDestinations destinations) {
    this.convor = convor;
    this.destinations = destinations;
    try (InputStream page = SandboxPage.class.getResourceAsStream("sandbox.html")) {
      html = new String(Objects.requireNonNull(page).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Adds the page to a router.
   *
   * @param guard calls {@link RoutingContext#next} for who may use the JSON, and answers others
   */
  public static void mount(
      Router router,
      Handler<RoutingContext> guard,
      PretendConvor convor,
      PretendDestinations destinations) {
    SandboxPage page = new SandboxPage(convor, destinations);
    router.get(PATH).handler(page::show);
    router.route(PATH + "/api/*").handler(guard);
    router.post(PATH + "/api/*").handler(BodyHandler.create(false).setBodyLimit(MAX_BODY));
    router.get(PATH + "/api/state").handler(ctx -> answer(ctx, 200, page.state()));
    router.post(PATH + "/api/send").handler(ctx -> act(ctx, page::send));
    router.post(PATH + "/api/timer").handler(ctx -> act(ctx, page::timer));
    router.post(PATH + "/api/lose").handler(ctx -> act(ctx, page::lose));
    router.post(PATH + "/api/fault").handler(ctx -> act(ctx, page::fault));
  }

  private void show(RoutingContext ctx) {
    byte[] bytes = new byte[18];
    random.nextBytes(bytes);
    String nonce = Base64.getUrlEncoder().encodeToString(bytes);
    ctx.response()
        .putHeader("Content-Type", "text/html; charset=utf-8")
        .putHeader("Cache-Control", "no-store")
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("Referrer-Policy", "no-referrer")
        .putHeader("Content-Security-Policy", POLICY.replace("NONCE", nonce))
        .end(html.replace("{{nonce}}", nonce));
  }

  private ObjectNode state() {
    ObjectNode state = Json.object("types", ConvorEvents.TYPES, "modes", Fault.Mode.values());
    state.put("perSecond", convor.perSecond()).put("total", convor.total());
    state.setAll(Json.object("orgs", convor.organizations(), "sent", convor.sent()));
    state.put("loseEvery", convor.loseEvery()).put("lost", convor.lost());
    ObjectNode all = destinations.state(false);
    ObjectNode api = (ObjectNode) all.remove(Destination.CONVOR.wireName());
    List<Call> calls = destinations.calls(Destination.CONVOR);
    List<Call> latest = calls.subList(Math.max(0, calls.size() - API_CALLS), calls.size());
    api.set("calls", Json.tree(latest));
    return state.setAll(Json.object("destinations", all, "api", api));
  }

  private JsonNode send(JsonNode wanted) {
    ObjectNode event = convor.event(wanted.path("org").asText(), wanted.path("type").asText());
    int copies = Math.max(1, Math.min(MAX_COPIES, wanted.path("copies").asInt(1)));
    for (int i = 0; i < copies; i++) {
      var unused = convor.send(wanted.path("org").asText(), event);
    }
    return Json.object("id", event.path("id"), "copies", copies);
  }

  private JsonNode timer(JsonNode wanted) {
    if (!wanted.path("perSecond").isNumber()) {
      throw new IllegalArgumentException("perSecond is a number");
    }
    convor.every(wanted.path("perSecond").asDouble());
    return Json.object("perSecond", convor.perSecond());
  }

  private JsonNode lose(JsonNode wanted) {
    if (!wanted.path("everyNth").isInt()) {
      throw new IllegalArgumentException("everyNth is a whole number");
    }
    convor.loseEvery(wanted.path("everyNth").asInt());
    return Json.object("everyNth", convor.loseEvery());
  }

  private JsonNode fault(JsonNode wanted) {
    Destination destination =
        Destination.named(wanted.path("destination").asText())
            .orElseThrow(() -> new IllegalArgumentException("destination is one of " + NAMES));
    destinations.fault(destination, Fault.fromJson(wanted));
    return destinations.state(false).path(destination.wireName());
  }

  private static void act(RoutingContext ctx, UnaryOperator<JsonNode> action) {
    Buffer body = ctx.body().buffer();
    try {
      answer(ctx, 200, action.apply(Json.read(body == null ? new byte[0] : body.getBytes())));
    } catch (IllegalArgumentException wrong) {
      answer(ctx, 400, Json.object("error", wrong.getMessage()));
    }
  }

  private static void answer(RoutingContext ctx, int status, JsonNode body) {
    ctx.response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .putHeader("Cache-Control", "no-store")
        .end(Buffer.buffer(Json.bytes(body)));
  }
}
