package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Zendesk's tickets. Each user of an API token ({@code email/token}) is an account of its own.
 *
 * @see <a
 *     href="https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency">idempotency</a>
 */
final class PretendZendesk implements PretendApi {
  static final Duration KEY_KEPT = Duration.ofHours(2);

  private record First(Instant at, JsonNode request, JsonNode answer) {}

  private record Account(Map<String, ObjectNode> tickets, Map<String, First> keys) {
    Account() {
      this(Json.bounded(KEPT), Json.bounded(KEPT));
    }
  }

  private final Map<String, Account> accounts = new HashMap<>();
  private long lastId;

  @Override
  public Reply answer(Ask ask) {
    String user = user(ask);
    if (user == null) {
      return error(401);
    }
    Account account = accounts.computeIfAbsent(user, u -> new Account());
    String path = ask.path().replaceAll("\\.json$", "");
    if (!path.equals("/api/v2/tickets")) {
      return error(404);
    }
    return switch (ask.request().method().name()) {
      case "POST" -> create(account, user, ask);
      case "GET" -> list(account, ask.request().getParam("external_id"));
      default -> error(404);
    };
  }

  private static @Nullable String user(Ask ask) {
    String basic = ask.basicUser();
    if (basic != null) {
      return basic.endsWith("/token")
          ? basic.substring(0, basic.length() - "/token".length())
          : null;
    }
    String bearer = ask.bearer();
    return bearer == null ? null : Ask.account(bearer);
  }

  private Reply create(Account account, String user, Ask ask) {
    String key = ask.request().getHeader("Idempotency-Key");
    First first = key == null ? null : account.keys().get(key);
    if (first != null && first.at().plus(KEY_KEPT).isAfter(ask.now())) {
      return first.request().equals(ask.body())
          ? Reply.of(201, first.answer()).header("x-idempotency-lookup", "hit").preventing(true)
          : failure(
              400,
              "IdempotentRequestError",
              "Request parameters don't match the given idempotency key");
    }
    JsonNode wanted = ask.body().path("ticket");
    Reply refusal = refusal(wanted);
    if (refusal != null) {
      return refusal;
    }
    String id = String.valueOf(++lastId);
    String url = "http://" + ask.request().authority() + "/zendesk/api/v2/tickets/" + id + ".json";
    String now = ask.now().toString();
    String text = wanted.at("/comment/body").asText(wanted.at("/comment/html_body").asText());
    ObjectNode ticket =
        Json.object("external_id", wanted.get("external_id"), "priority", wanted.get("priority"))
            .put("url", url)
            .put("id", lastId)
            .put("created_at", now)
            .put("updated_at", now)
            .put("subject", wanted.path("subject").asText(text))
            .put("description", text)
            .put("status", "new");
    ticket.set("tags", wanted.path("tags").isArray() ? wanted.get("tags") : Json.tree(List.of()));
    account.tickets().put(id, ticket);
    JsonNode answer = Json.object("ticket", ticket, "audit", Json.object("ticket_id", lastId));
    Reply reply = Reply.of(201, answer).header("Location", url);
    if (key != null) {
      account.keys().remove(key);
      account.keys().put(key, new First(ask.now(), ask.body(), answer));
      reply = reply.header("x-idempotency-lookup", "miss");
    }
    String marker = wanted.hasNonNull("external_id") ? wanted.get("external_id").asText() : key;
    return reply.did(List.of(new Effect(ask.now(), "ticket", id, user, marker)));
  }

  private @Nullable Reply refusal(JsonNode ticket) {
    if (!ticket.isObject()) {
      return error(400);
    }
    JsonNode requester = ticket.path("requester");
    if (ticket.at("/comment/body").asText().isBlank()
        && ticket.at("/comment/html_body").asText().isBlank()) {
      return invalid("base", "Description: cannot be blank", "BlankValue");
    } else if (requester.isObject() && !requester.path("email").asText().contains("@")) {
      return invalid("requester", "Requester: Email: is not properly formatted", "InvalidValue");
    } else if (requester.isObject() && requester.path("name").asText().isBlank()) {
      return invalid(
          "requester", "Requester: Name: is too short (minimum is 1 characters)", "InvalidValue");
    }
    return null;
  }

  private static Reply list(Account account, @Nullable String externalId) {
    List<ObjectNode> found =
        account.tickets().values().stream()
            .filter(t -> externalId == null || t.path("external_id").asText().equals(externalId))
            .limit(100)
            .toList();
    return Reply.of(
            200,
            Json.object(
                "tickets", found, "next_page", null, "previous_page", null, "count", found.size()))
        .preventing(externalId != null && !found.isEmpty());
  }

  private static Reply invalid(String field, String description, String error) {
    Map<String, String> detail = Map.of("description", description, "error", error);
    Reply reply = failure(422, "RecordInvalid", "Record validation errors");
    ((ObjectNode) reply.body()).set("details", Json.tree(Map.of(field, List.of(detail))));
    return reply;
  }

  @Override
  public Reply error(int status) {
    return switch (status) {
      case 400 -> failure(status, "Unprocessable JSON", "The request has no ticket");
      case 401 -> Reply.of(status, Json.object("error", "Couldn't authenticate you"));
      case 403 -> failure(status, "Forbidden", "You do not have access to this page.");
      case 404 -> failure(status, "RecordNotFound", "Not found");
      case 429 ->
          failure(
              status, "APIRateLimitExceeded", "Number of allowed API requests per minute exceeded");
      default -> failure(status, "InternalError", "Something went wrong");
    };
  }

  private static Reply failure(int status, String error, String description) {
    return Reply.of(status, Json.object("error", error, "description", description));
  }
}
