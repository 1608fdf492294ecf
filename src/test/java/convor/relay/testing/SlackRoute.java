package convor.relay.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The smallest connector: posts the type of every conversation event to a Slack webhook. */
public final class SlackRoute {
  public static final String YAML =
      """
      - route:
          id: slack
          from:
            uri: inbox:slack
            parameters: {types: "conversation.*", requires: slack.webhook-url, startFrom: earliest}
            steps:
              - setBody: {jq: '{text: .type}'}
              - marshal: {json: {}}
              - setHeader: {name: Content-Type, constant: application/json}
              - toD: "${variable.slack.webhook-url}"
      """;

  private SlackRoute() {}

  /** Writes it and the shipped {@code receive} into a folder, which it returns. */
  public static Path into(Path folder) {
    try {
      Files.createDirectories(folder);
      Files.copy(Path.of("routes/receive.camel.yaml"), folder.resolve("receive.camel.yaml"));
      Files.writeString(folder.resolve("slack.camel.yaml"), YAML);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
