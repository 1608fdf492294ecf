package convor.relay.operate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import convor.relay.testing.TestRelay;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;

/** An operator of a relay in this process; JSON is written with single quotes. */
record AdminPort(int port, String token) {
  private static final ObjectMapper JSON = new ObjectMapper();

  HttpResponse<String> get(String path, String... headers) {
    return TestRelay.call(request(path, headers).GET().build());
  }

  HttpResponse<String> post(String path, String body, String... headers) {
    return TestRelay.call(
        request(path, headers).POST(BodyPublishers.ofString(body.replace('\'', '"'))).build());
  }

  JsonNode read(String path) {
    return json(get(path));
  }

  JsonNode act(String path, String body) {
    return json(post(path, body));
  }

  private HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return headers.length == 0 ? request : request.headers(headers);
  }

  static JsonNode json(HttpResponse<String> response) {
    try {
      return JSON.readTree(response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(response.body(), e);
    }
  }
}
