package convor.relay.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import convor.relay.app.SettingsReader;
import convor.relay.operate.AdminSettings;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of the commands that look at a running relay, and the calls that they make. */
final class AdminClient {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, String> environment;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "The admin port. Default: as the settings say, or http://127.0.0.1:8081")
  private @Nullable String url;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description = "The admin token. Default: $RELAY_ADMIN_TOKEN, or as the settings say")
  private @Nullable String token;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "application.properties",
      description = "The settings. Default: ${DEFAULT-VALUE}, if there is one")
  private Path config = Path.of("application.properties");

  @Option(names = "--json", description = "Prints what the relay answers, as it is.")
  private boolean raw;

  AdminClient(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  boolean raw() {
    return raw;
  }

  /** Parameters of a request, without those that are null. */
  static Map<String, Object> parameters(@Nullable Object... pairs) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      Object value = pairs[i + 1];
      if (value != null) {
        parameters.put(String.valueOf(pairs[i]), value);
      }
    }
    return parameters;
  }

  /**
   * Reads.
   *
   * @throws CommandFailed with what to tell, if there is no answer or it is a refusal
   */
  JsonNode get(String path, Map<String, Object> parameters) {
    String query =
        parameters.entrySet().stream()
            .map(one -> one.getKey() + "=" + encoded(String.valueOf(one.getValue())))
            .collect(Collectors.joining("&"));
    return call(path + (query.isEmpty() ? "" : "?" + query), null);
  }

  /**
   * Acts.
   *
   * @throws CommandFailed with what to tell, if there is no answer or it is a refusal
   */
  JsonNode post(String path, Map<String, Object> body) {
    try {
      return call(path, JSON.writeValueAsString(body));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts and numbers are always JSON", e);
    }
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private JsonNode call(String path, @Nullable String body) {
    AdminSettings settings = new SettingsReader(config, environment, true).usable().admin();
    String host = settings.host().equals("0.0.0.0") ? "127.0.0.1" : settings.host();
    String base = url == null ? "http://" + host + ":" + settings.port() : url;
    HttpRequest.Builder request;
    try {
      request = HttpRequest.newBuilder(URI.create(base.replaceAll("/+$", "") + "/api/v1/" + path));
    } catch (IllegalArgumentException e) {
      throw new CommandFailed(
          "--url: " + base + " is no web address, such as http://127.0.0.1:8081");
    }
    String shown = token == null ? settings.token() : token;
    if (shown != null) {
      request.header("Authorization", "Bearer " + shown);
    }
    if (body != null) {
      request.header("Content-Type", "application/json").POST(BodyPublishers.ofString(body));
    }
    return answer(base, send(base, request.timeout(Duration.ofMinutes(1)).build()));
  }

  private static HttpResponse<String> send(String base, HttpRequest request) {
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    try {
      return client.send(request, BodyHandlers.ofString());
    } catch (IOException e) {
      throw new CommandFailed(
          "no relay answers at " + base + ": is it running there? --url names another address");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailed("interrupted");
    }
  }

  private static JsonNode answer(String base, HttpResponse<String> response) {
    JsonNode answer = read(response.body());
    if (response.statusCode() == 401) {
      throw new CommandFailed(
          "the admin token is missing or wrong; set RELAY_ADMIN_TOKEN or give --token");
    }
    if (response.statusCode() != 200) {
      String error = answer.path("error").asText("");
      throw new CommandFailed(
          error.isEmpty() ? base + " answered " + response.statusCode() : error);
    }
    if (answer.isMissingNode()) {
      throw new CommandFailed(base + " is no admin port of a relay");
    }
    return answer;
  }

  private static JsonNode read(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
