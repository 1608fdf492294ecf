package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * Jira Cloud's issues. Each Basic user is a site of its own.
 *
 * @see <a
 *     href="https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post">
 *     create</a>
 * @see <a
 *     href="https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/#api-rest-api-3-search-jql-post">
 *     search</a>
 */
final class PretendJira implements PretendApi {
  private static final Pattern LABEL =
      Pattern.compile("labels\\s*=\\s*(?:\"([^\"]*)\"|'([^']*)'|([^\\s\"']+))");

  private final Map<String, Map<String, ObjectNode>> sites = new HashMap<>();
  private long lastId = 10_000;

  @Override
  public Reply answer(Ask ask) {
    String user = ask.basicUser();
    if (user == null) {
      return error(401);
    }
    Map<String, ObjectNode> issues = sites.computeIfAbsent(user, u -> Json.bounded(KEPT));
    if (ask.is("POST", "/rest/api/3/issue")) {
      return create(issues, user, ask);
    } else if (ask.is("POST", "/rest/api/3/search/jql")) {
      return search(issues, ask);
    }
    return error(404);
  }

  private Reply create(Map<String, ObjectNode> issues, String user, Ask ask) {
    JsonNode fields = ask.body().path("fields");
    ObjectNode errors = errors(fields);
    if (!errors.isEmpty()) {
      return Reply.of(400, Json.object("errorMessages", List.of(), "errors", errors));
    }
    String id = String.valueOf(++lastId);
    String key = fields.at("/project/key").asText("SUP") + '-' + (lastId - 10_000);
    String self = "http://" + ask.request().authority() + "/jira/rest/api/3/issue/" + id;
    ObjectNode issue = Json.object("id", id, "key", key, "self", self);
    issues.put(id, issue.deepCopy().set("fields", fields));
    return Reply.of(201, issue)
        .did(List.of(new Effect(ask.now(), "issue", id, user, ask.marker())));
  }

  /**
   * What Jira refuses over and over: a summary with a line break, a label with a space, a
   * description in plain text.
   */
  private static ObjectNode errors(JsonNode fields) {
    ObjectNode errors = Json.object();
    String summary = fields.path("summary").asText();
    if (!fields.at("/project/key").isTextual() && !fields.at("/project/id").isTextual()) {
      errors.put("project", "Specify a valid project ID or key");
    }
    if (!fields.at("/issuetype/name").isTextual() && !fields.at("/issuetype/id").isTextual()) {
      errors.put("issuetype", "Specify an issue type");
    }
    if (summary.isBlank()) {
      errors.put("summary", "You must specify a summary of the issue.");
    } else if (summary.contains("\n") || summary.contains("\r")) {
      errors.put("summary", "The summary is invalid because it contains newline characters.");
    } else if (summary.length() > 255) {
      errors.put("summary", "Summary must be less than 255 characters.");
    }
    JsonNode description = fields.path("description");
    boolean document =
        description.path("type").asText().equals("doc") && description.path("version").asInt() == 1;
    if (!description.isMissingNode() && !(document && description.path("content").isArray())) {
      errors.put(
          "description",
          "Operation value must be an Atlassian Document (see the Atlassian Document Format)");
    }
    for (JsonNode label : fields.path("labels")) {
      if (label.asText().contains(" ")) {
        errors.put(
            "labels", "The label '" + label.asText() + "' contains spaces which is invalid.");
      } else if (label.asText().length() > 255) {
        errors.put(
            "labels",
            "The label '" + label.asText() + "' exceeds the maximum length for a label (255).");
      }
    }
    return errors;
  }

  private static Reply search(Map<String, ObjectNode> issues, Ask ask) {
    Matcher matcher = LABEL.matcher(ask.body().path("jql").asText());
    if (!matcher.find()) {
      return Reply.of(
          400,
          messages(
              "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."));
    }
    String label =
        matcher.group(1) != null
            ? matcher.group(1)
            : matcher.group(2) != null ? matcher.group(2) : matcher.group(3);
    List<String> wanted = new ArrayList<>();
    ask.body().path("fields").forEach(f -> wanted.add(f.asText()));
    int limit = ask.body().path("maxResults").asInt(50);
    List<ObjectNode> found =
        issues.values().stream()
            .filter(i -> hasLabel(i, label))
            .limit(limit)
            .map(i -> view(i, wanted))
            .toList();
    return Reply.of(200, Json.object("issues", found, "isLast", true)).preventing(!found.isEmpty());
  }

  private static boolean hasLabel(JsonNode issue, String label) {
    return StreamSupport.stream(issue.at("/fields/labels").spliterator(), false)
        .anyMatch(l -> l.asText().equals(label));
  }

  /**
   * Without {@code fields} the search returns ids alone; fields asked for come with key and self.
   */
  private static ObjectNode view(ObjectNode issue, List<String> wanted) {
    ObjectNode copy = issue.deepCopy();
    if (wanted.isEmpty()) {
      return copy.retain("id");
    }
    if (!wanted.contains("*all")) {
      ((ObjectNode) copy.path("fields")).retain(wanted);
    }
    return copy;
  }

  private static ObjectNode messages(String message) {
    return Json.object("errorMessages", List.of(message), "errors", Map.of());
  }

  @Override
  public Reply error(int status) {
    return Reply.of(
        status,
        messages(
            switch (status) {
              case 400 ->
                  "Invalid request payload. Refer to the REST API documentation and try again.";
              case 401 -> "Client must be authenticated to access this resource.";
              case 403 -> "You do not have permission to create issues in this project.";
              case 404 -> "Issue does not exist or you do not have permission to see it.";
              case 429 -> "Rate limit exceeded.";
              default -> "Internal server error";
            }));
  }
}
