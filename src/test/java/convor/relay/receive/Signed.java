package convor.relay.receive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import convor.relay.testing.TestRelay;
import convor.relay.verify.Schemes;
import convor.relay.verify.Signer;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** A webhook request in the making, signed as Convor signs. */
final class Signed {
  private final Map<String, String> headers = new LinkedHashMap<>();
  private final byte[] body;
  private String method = "POST";
  private String path = "/webhooks/acme";

  private Signed(byte[] body) {
    this.body = body;
  }

  static Signed of(String body) {
    return of(body.getBytes(UTF_8));
  }

  static Signed of(byte[] body) {
    return new Signed(body).by(TestRelay.SECRET, Instant.now());
  }

  static Signed event(String id) {
    return of("{\"id\":\"" + id + "\",\"type\":\"t\"}");
  }

  Signed by(String secret, Instant at) {
    headers.putAll(
        Signer.sign(Schemes.named("convor", Map.of()), secret, "", body, at, "POST", "http://x/"));
    return this;
  }

  Signed to(String where) {
    path = where;
    return this;
  }

  Signed method(String name) {
    method = name;
    return this;
  }

  Signed with(String header, String value) {
    headers.put(header, value);
    return this;
  }

  Signed without(String header) {
    headers.remove(header);
    return this;
  }

  /** The request's first bytes, without its body. */
  String head() {
    StringBuilder head =
        new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: relay.example\r\n");
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    return head.toString();
  }

  /** The whole request, with its length. */
  byte[] bytes() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes((head() + "Content-Length: " + body.length + "\r\n\r\n").getBytes(ISO_8859_1));
    all.writeBytes(body);
    return all.toByteArray();
  }

  /** The whole request, in chunks of these many bytes. */
  byte[] chunked(int size) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes((head() + "Transfer-Encoding: chunked\r\n\r\n").getBytes(ISO_8859_1));
    for (int at = 0; at < body.length; at += size) {
      int length = Math.min(size, body.length - at);
      all.writeBytes((Integer.toHexString(length) + "\r\n").getBytes(ISO_8859_1));
      all.write(body, at, length);
      all.writeBytes("\r\n".getBytes(ISO_8859_1));
    }
    all.writeBytes("0\r\n\r\n".getBytes(ISO_8859_1));
    return all.toByteArray();
  }
}
