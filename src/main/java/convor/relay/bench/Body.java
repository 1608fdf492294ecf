package convor.relay.bench;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

/** An event of Convor's, filled up with letters. */
final class Body {
  private static final int SUBJECTS = 5_000;
  private static final String END = "\"}}}";

  private Body() {}

  static byte[] of(String key, int size) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    StringBuilder text =
        new StringBuilder(size)
            .append("{\"id\":\"")
            .append(key)
            .append("\",\"type\":\"conversation.created\",\"data\":{\"conversation\":{\"id\":\"c_")
            .append(random.nextInt(SUBJECTS))
            .append("\",\"subject\":\"Refund\"},\"message\":{\"text\":\"");
    while (text.length() < size - END.length()) {
      text.append((char) ('a' + random.nextInt(26)));
    }
    return text.append(END).toString().getBytes(StandardCharsets.UTF_8);
  }
}
