package convor.relay.operate;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.testing.TestRelay;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Without a token this machine may ask, but no web page of elsewhere that its browser shows. */
class NoTokenTest {
  @TempDir private static Path folder;
  private static TestRelay relay;

  @BeforeAll
  static void start() {
    relay = new TestRelay(folder).start();
  }

  @AfterAll
  static void stop() {
    relay.close();
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "127.0.0.1:PORT, -, 200",
        "localhost:PORT, -, 200",
        "LOCALHOST, -, 200",
        "[::1]:PORT, -, 200",
        "127.0.0.1:PORT, http://127.0.0.1:PORT, 200",
        "127.0.0.1:PORT, http://localhost:PORT, 403",
        "127.0.0.1:PORT, http://127.0.0.1:9, 403",
        "127.0.0.1:PORT, https://evil.example, 403",
        "127.0.0.1:PORT, null, 403",
        "evil.example, -, 403",
        "evil.example:PORT, http://evil.example:PORT, 403",
        "127.0.0.1.evil.example:PORT, -, 403",
        "localhost.evil.example, -, 403",
      })
  void only_a_loopback_host_and_its_own_origin_come_in(String host, String origin, int status)
      throws IOException {
    String port = String.valueOf(relay.relay().adminPort());
    String headers =
        "Host: "
            + host.replace("PORT", port)
            + "\r\n"
            + (origin == null ? "" : "Origin: " + origin.replace("PORT", port) + "\r\n");
    assertThat(answer("GET /api/v1/events HTTP/1.1\r\n" + headers)).isEqualTo(status);
    assertThat(answer("POST /api/v1/deliveries/retry HTTP/1.1\r\n" + headers))
        .isEqualTo(status == 200 ? 400 : status);
  }

  private static int answer(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), relay.relay().adminPort())) {
      socket.setSoTimeout(30_000);
      socket
          .getOutputStream()
          .write((request + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      String line = new String(in.readNBytes(12), StandardCharsets.US_ASCII);
      return Integer.parseInt(line.substring("HTTP/1.1 ".length()));
    }
  }
}
