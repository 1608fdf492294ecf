package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * HubSpot's CRM: contacts and notes. Each bearer token is a portal of its own.
 *
 * @see <a href="https://developers.hubspot.com/docs/api-reference/error-handling">error
 *     handling</a>
 * @see <a
 *     href="https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts/batch/upsert-contacts">
 *     batch upsert</a>
 */
final class PretendHubSpot implements PretendApi {
  private static final String OBJECTS = "/crm/v3/objects/";

  private record Portal(
      Map<String, ObjectNode> contacts,
      Map<String, Boolean> contactIds,
      Map<String, ObjectNode> notes) {
    Portal() {
      this(Json.bounded(KEPT), Json.bounded(KEPT), Json.bounded(KEPT));
    }
  }

  private final Map<String, Portal> portals = new HashMap<>();
  private long lastId = 100;

  @Override
  public Reply answer(Ask ask) {
    String token = ask.bearer();
    if (token == null) {
      return error(401);
    }
    String account = Ask.account(token);
    Portal portal = portals.computeIfAbsent(account, a -> new Portal());
    if (ask.is("POST", OBJECTS + "contacts/search")) {
      return search(portal.contacts(), ask);
    } else if (ask.is("POST", OBJECTS + "notes/search")) {
      Reply found = search(portal.notes(), ask);
      return found.preventing(found.body().path("total").asInt() > 0);
    } else if (ask.is("POST", OBJECTS + "notes")) {
      return createNote(portal, account, ask);
    } else if (ask.is("POST", OBJECTS + "contacts/batch/upsert")) {
      return upsert(portal, account, ask);
    }
    return error(404);
  }

  /** A contact that was there before the first call. */
  void addContact(String token, String email, Instant now) {
    Portal portal = portals.computeIfAbsent(Ask.account(token), a -> new Portal());
    ObjectNode contact = stored(Json.object("email", email), now);
    portal.contacts().put(email, contact);
    portal.contactIds().put(contact.path("id").asText(), true);
  }

  private Reply createNote(Portal portal, String account, Ask ask) {
    JsonNode properties = ask.body().path("properties");
    if (!properties.path("hs_timestamp").isValueNode()
        || properties.path("hs_timestamp").asText().isEmpty()) {
      return invalid("Error creating NOTE. Some required properties were not set.", "hs_timestamp");
    }
    for (JsonNode association : ask.body().path("associations")) {
      String contact = association.at("/to/id").asText();
      if (!association.at("/types/0/associationTypeId").isInt()) {
        return invalid("Invalid input JSON: an association has no types", "associations");
      } else if (!portal.contactIds().containsKey(contact)) {
        return invalid(
            "Object with id " + contact + " of type CONTACT does not exist", "associations");
      }
    }
    ObjectNode note = stored(properties, ask.now());
    String id = note.path("id").asText();
    portal.notes().put(id, note);
    return Reply.of(201, note)
        .did(List.of(new Effect(ask.now(), "note", id, account, ask.marker())));
  }

  private Reply upsert(Portal portal, String account, Ask ask) {
    JsonNode inputs = ask.body().path("inputs");
    if (!inputs.isArray() || inputs.isEmpty() || inputs.size() > 100) {
      return invalid("A batch has 1 to 100 inputs", "inputs");
    }
    for (JsonNode input : inputs) {
      if (!input.path("properties").isObject()
          || !input.path("idProperty").asText().equals("email")) {
        return invalid("Each input needs id, idProperty (email) and properties", "inputs");
      }
    }
    List<JsonNode> results = new ArrayList<>();
    List<JsonNode> errors = new ArrayList<>();
    List<Effect> effects = new ArrayList<>();
    for (JsonNode input : inputs) {
      String email = input.path("id").asText().toLowerCase(Locale.ROOT);
      if (ask.partial() || !email.matches("[^@\\s]+@[^@\\s]+\\.[^@\\s]+")) {
        errors.add(refusedRecord(input.path("id").asText()));
        continue;
      }
      ObjectNode known = portal.contacts().get(email);
      ObjectNode contact = known != null ? known : stored(Json.object("email", email), ask.now());
      ObjectNode properties = (ObjectNode) contact.path("properties");
      properties.setAll((ObjectNode) input.path("properties"));
      properties.put("email", email);
      contact.put("updatedAt", ask.now().toString());
      portal.contacts().put(email, contact);
      portal.contactIds().put(contact.path("id").asText(), true);
      results.add(contact.deepCopy().put("new", known == null));
      String kind = known == null ? "contact" : "contact-update";
      effects.add(new Effect(ask.now(), kind, contact.path("id").asText(), account, email));
    }
    String now = ask.now().toString();
    ObjectNode body =
        Json.object("status", "COMPLETE", "results", results, "startedAt", now, "completedAt", now);
    if (!errors.isEmpty()) {
      body.setAll(Json.object("numErrors", errors.size(), "errors", errors));
    }
    return Reply.of(errors.isEmpty() ? 200 : 207, body).did(effects);
  }

  /**
   * Filters within a group are joined by AND, groups by OR. Only asked-for properties are returned,
   * as there.
   */
  private static Reply search(Map<String, ObjectNode> objects, Ask ask) {
    JsonNode groups = ask.body().path("filterGroups");
    for (JsonNode operator : groups.findValues("operator")) {
      if (!List.of("EQ", "CONTAINS_TOKEN").contains(operator.asText())) {
        return invalid("The sandbox does not know the operator " + operator, "operator");
      }
    }
    List<String> wanted = new ArrayList<>(List.of("hs_object_id", "hs_createdate", "email"));
    ask.body().path("properties").forEach(p -> wanted.add(p.asText()));
    List<ObjectNode> found =
        objects.values().stream().filter(o -> matches(groups, o.path("properties"))).toList();
    List<ObjectNode> page =
        found.stream().limit(ask.body().path("limit").asInt(10)).map(ObjectNode::deepCopy).toList();
    page.forEach(o -> ((ObjectNode) o.path("properties")).retain(wanted));
    return Reply.of(200, Json.object("total", found.size(), "results", page));
  }

  private static boolean matches(JsonNode groups, JsonNode properties) {
    return groups.isEmpty()
        || any(
            groups,
            group -> !any(group.path("filters"), filter -> !matchesFilter(filter, properties)));
  }

  private static boolean any(JsonNode array, Predicate<JsonNode> test) {
    return StreamSupport.stream(array.spliterator(), false).anyMatch(test);
  }

  /** A token is a whole word or several, unless the value has a wildcard at that end. */
  private static boolean matchesFilter(JsonNode filter, JsonNode properties) {
    String actual = properties.path(filter.path("propertyName").asText()).asText();
    String value = filter.path("value").asText();
    if (filter.path("operator").asText().equals("EQ")) {
      return actual.equalsIgnoreCase(value);
    }
    String start = value.startsWith("*") ? "" : "(?<![\\p{L}\\p{N}])";
    String end = value.endsWith("*") ? "" : "(?![\\p{L}\\p{N}])";
    String words = Pattern.quote(value.replaceAll("^\\*|\\*$", ""));
    return Pattern.compile(start + words + end, Pattern.CASE_INSENSITIVE).matcher(actual).find();
  }

  private ObjectNode stored(JsonNode properties, Instant now) {
    String id = String.valueOf(++lastId);
    ObjectNode all = properties.deepCopy();
    all.put("hs_object_id", id).put("hs_createdate", now.toString());
    return Json.object("id", id, "properties", all, "archived", false)
        .put("createdAt", now.toString())
        .put("updatedAt", now.toString());
  }

  private static ObjectNode refusedRecord(String id) {
    ObjectNode error = body("Property values were not valid", "VALIDATION_ERROR");
    return error.set("context", Json.tree(Map.of("id", List.of(id))));
  }

  private static Reply invalid(String message, String property) {
    ObjectNode body = body(message, "VALIDATION_ERROR");
    body.set("errors", Json.tree(List.of(Map.of("message", message, "in", property))));
    return Reply.of(400, body);
  }

  @Override
  public Reply error(int status) {
    ObjectNode body =
        switch (status) {
          case 400 -> body("Invalid input JSON on line 1, column 1", "VALIDATION_ERROR");
          case 401 -> body("Authentication credentials not found.", "INVALID_AUTHENTICATION");
          case 403 -> body("This app hasn't been granted all required scopes.", "MISSING_SCOPES");
          case 404 -> body("resource not found", "OBJECT_NOT_FOUND");
          case 429 ->
              body("You have reached your ten_secondly_rolling limit.", "RATE_LIMITS")
                  .put("errorType", "RATE_LIMIT")
                  .put("policyName", "TEN_SECONDLY_ROLLING");
          default -> body("internal error", "API_ERROR");
        };
    return Reply.of(status, body);
  }

  private static ObjectNode body(String message, String category) {
    return Json.object("status", "error", "message", message, "category", category)
        .put("correlationId", UUID.randomUUID().toString());
  }
}
