package convor.relay.cli;

import convor.relay.app.SettingsReader;
import convor.relay.verify.Scheme;
import convor.relay.verify.Schemes;
import convor.relay.verify.Signer;
import convor.relay.verify.Source;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code send}: signs a file as a source does and posts it. */
@Command(
    name = "send",
    mixinStandardHelpOptions = true,
    description = {
      "Signs a file as a source would and posts it to the relay; prints the answer.",
      "Scheme and secret are those of the settings, or of --scheme and --secret-env.",
      "Ends with 0 if the relay accepted it."
    },
    footer = {
      "%nExamples:",
      "  send event.json --org acme",
      "  send push.json --org acme --source github --type push",
      "  echo '{\"id\":\"evt_1\",\"type\":\"conversation.closed\"}' | send - --org acme",
      "  send event.json --org acme --scheme convor --secret-env ACME_SECRET --url https://relay.example.com"
    })
final class SendCommand implements Callable<Integer> {
  private static final int PREVIEW = 2_000;

  private final Map<String, String> environment;

  @Parameters(paramLabel = "FILE", description = "The body; - reads it from the standard input.")
  private String file = "";

  @Option(names = "--org", required = true, paramLabel = "ORG", description = "The organization.")
  private String org = "";

  @Option(
      names = "--source",
      paramLabel = "NAME",
      defaultValue = "convor",
      description = "Its source. Default: ${DEFAULT-VALUE}")
  private String source = "convor";

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "The relay. Default: http://127.0.0.1 with the port of the settings, or 8080")
  private @Nullable String url;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "application.properties",
      description = "The settings. Default: ${DEFAULT-VALUE}")
  private Path config = Path.of("application.properties");

  @Option(names = "--scheme", paramLabel = "NAME", description = "How to sign, without settings.")
  private @Nullable String scheme;

  @Option(
      names = "--secret-env",
      paramLabel = "VAR",
      description = "The environment variable that has the secret; with --scheme.")
  private @Nullable String secretVariable;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "The event's type, for schemes that name it in a header.")
  private @Nullable String type;

  @Option(
      names = "--content-type",
      paramLabel = "TYPE",
      defaultValue = "application/json",
      description = "Of the body. Default: ${DEFAULT-VALUE}")
  private String contentType = "application/json";

  @Spec private CommandSpec spec = CommandSpec.create();

  SendCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** With what it signs. */
  private record Key(Scheme scheme, String secret) {}

  @Override
  public Integer call() throws InterruptedException {
    SettingsReader reader = new SettingsReader(config, environment, true);
    Key key = scheme == null && secretVariable == null ? configured(reader) : given();
    byte[] body = body();
    URI uri = uri(reader);
    Map<String, String> headers =
        new LinkedHashMap<>(
            Signer.sign(
                key.scheme,
                key.secret,
                "msg_" + UUID.randomUUID(),
                body,
                InstantSource.system().instant(),
                "POST",
                uri.toString()));
    if (type != null) {
      headers.put(typeHeader(key.scheme), type);
    }
    HttpResponse<String> response = post(uri, headers, body);
    String answer = response.body();
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        response.statusCode()
            + " "
            + Table.clean(answer.length() <= PREVIEW ? answer : answer.substring(0, PREVIEW)));
    out.flush();
    return response.statusCode() / 100 == 2 ? 0 : 1;
  }

  private String typeHeader(Scheme of) {
    return of.typeHeader()
        .orElseThrow(
            () -> wrong("--type: the scheme " + of.name() + " names the type in the body only"));
  }

  private Key configured(SettingsReader reader) {
    Source found = reader.usable().source(org, source);
    if (found == null) {
      String prefix =
          "relay.orgs." + org + (source.equals("convor") ? ".webhook" : ".sources." + source);
      throw new CommandFailed(
          config
              + " has no "
              + prefix
              + ".secrets that can be used; set them, or give --scheme and --secret-env");
    }
    return new Key(found.scheme(), found.secrets().get(0));
  }

  private Key given() {
    if (scheme == null || secretVariable == null) {
      throw wrong("--scheme and --secret-env: give both, or neither to use the settings");
    }
    String secret = environment.get(secretVariable);
    if (secret == null || secret.isEmpty()) {
      throw new CommandFailed("--secret-env: the variable " + secretVariable + " is not set");
    }
    if (!Schemes.names().contains(scheme)) {
      throw wrong("--scheme: must be one of " + String.join(", ", Schemes.names()));
    }
    return new Key(Schemes.named(scheme, Map.of()), secret);
  }

  private byte[] body() {
    try {
      return file.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(file));
    } catch (IOException e) {
      throw new CommandFailed(file + ": cannot be read");
    }
  }

  private URI uri(SettingsReader reader) {
    String port = reader.properties().getOrDefault("camel.server.port", "8080");
    String base = url == null ? "http://127.0.0.1:" + port : url.replaceAll("/+$", "");
    try {
      String path = "/webhooks/" + org + (source.equals("convor") ? "" : "/" + source);
      URI uri = URI.create(base + path);
      if (uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // told below
    }
    throw wrong("--url: " + base + " is no web address, such as http://127.0.0.1:8080");
  }

  private HttpResponse<String> post(URI uri, Map<String, String> headers, byte[] body)
      throws InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofMinutes(1))
            .header("Content-Type", contentType)
            .POST(BodyPublishers.ofByteArray(body));
    headers.forEach(request::header);
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    try {
      return client.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new CommandFailed("no relay answers at " + uri + ": is it running there?");
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
