package convor.relay.receive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;

/** HTTP as bytes on a socket: what no client library would send. */
final class RawHttp implements AutoCloseable {
  private final Socket socket;

  RawHttp(URI uri) {
    try {
      socket = new Socket(uri.getHost(), uri.getPort());
      socket.setSoTimeout(60_000);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends as much as the other side takes. */
  RawHttp send(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
    } catch (IOException e) {
      // it has said what it had to say, and closed
    }
    return this;
  }

  RawHttp send(String text) {
    return send(text.getBytes(ISO_8859_1));
  }

  /** One response of the kind that has a Content-Length, or all until the other side closes. */
  String response() {
    try {
      InputStream in = socket.getInputStream();
      ByteArrayOutputStream head = new ByteArrayOutputStream();
      for (int b = in.read(); b >= 0; b = in.read()) {
        head.write(b);
        if (head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
          break;
        }
      }
      String text = head.toString(ISO_8859_1);
      int length =
          text.lines()
              .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:"))
              .map(line -> Integer.parseInt(line.substring(15).strip()))
              .findFirst()
              .orElse(0);
      return text + new String(in.readNBytes(length), ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static int status(String response) {
    return Integer.parseInt(response.split(" ", 3)[1]);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
