package convor.relay.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;

/** A real client for pretend servers; JSON in tests is written with single quotes. */
final class Http {
  static final Map<String, String> HUBSPOT = Map.of("Authorization", "Bearer pat-1");
  static final Map<String, String> ZENDESK = basic("agent@example.com/token:secret");
  static final Map<String, String> JIRA = basic("dev@example.com:secret");

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private Http() {}

  static Map<String, String> basic(String pair) {
    return Map.of(
        "Authorization",
        "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
  }

  static HttpResponse<String> post(String url, Map<String, String> headers, String json)
      throws IOException, InterruptedException {
    return send("POST", url, headers, json.replace('\'', '"'));
  }

  static HttpResponse<String> get(String url, Map<String, String> headers)
      throws IOException, InterruptedException {
    return send("GET", url, headers, "");
  }

  static HttpResponse<String> send(
      String method, String url, Map<String, String> headers, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .version(HttpClient.Version.HTTP_1_1)
            .timeout(Duration.ofSeconds(10))
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body));
    headers.forEach(request::header);
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  static JsonNode json(HttpResponse<String> response) {
    return Json.read(response.body().getBytes(StandardCharsets.UTF_8));
  }
}
