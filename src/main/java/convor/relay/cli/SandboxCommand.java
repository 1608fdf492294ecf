package convor.relay.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code sandbox}: try the relay without accounts. */
@Command(
    name = "sandbox",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the relay between a pretend Convor and pretend destinations, with a page to watch them.",
      "It needs no account and no file, and keeps nothing when it ends."
    },
    footer = {
      "%nExamples:",
      "  sandbox",
      "  sandbox --routes routes        try your own route files"
    })
final class SandboxCommand implements Callable<Integer> {
  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "Of the webhooks; 0 for any free one. Default: ${DEFAULT-VALUE}")
  private int port = 8080;

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      defaultValue = "8081",
      description = "Of the page and the admin API; 0 for any free one. Default: ${DEFAULT-VALUE}")
  private int adminPort = 8081;

  @Option(
      names = "--routes",
      paramLabel = "FOLDER",
      description = "Route files to try. Default: the shipped ones")
  private @Nullable Path routes;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException, InterruptedException {
    Sandbox sandbox = new Sandbox(port, adminPort, routes);
    Runtime.getRuntime().addShutdownHook(new Thread(sandbox::close, "sandbox-close"));
    sandbox.sendOneOfEach();
    PrintWriter out = spec.commandLine().getOut();
    out.print(welcome(sandbox));
    out.flush();
    new CountDownLatch(1).await(); // until Ctrl+C
    return 0;
  }

  static String welcome(Sandbox sandbox) {
    return """

        Convor Relay sandbox

          Page      %1$s
          Webhooks  %2$s/webhooks/acme and %2$s/webhooks/globex
          Files     %5$s (removed at the end)

        Send an event yourself:

          export ACME_SECRET=%3$s
          body='{"id":"evt_mine","type":"conversation.created","organization_id":"org_acme","data":{"conversation":{"id":"c_1","subject":"Hello"}}}'
          now=$(date +%%s)
          signature=$(printf '%%s.%%s' "$now" "$body" | openssl dgst -sha256 -hmac "$ACME_SECRET" -r | cut -d' ' -f1)
          curl -i %2$s/webhooks/acme -H 'Content-Type: application/json' \\
            -H "X-Convor-Timestamp: $now" -H "X-Convor-Signature: sha256=$signature" --data-binary "$body"

        or, which signs it for you:

          echo "$body" | java -jar convor-relay.jar send - --org acme --scheme convor --secret-env ACME_SECRET --url %2$s

        See what became of it:

          RELAY_ADMIN_TOKEN=%4$s java -jar convor-relay.jar deliveries --url %6$s

        Ctrl+C ends the sandbox.

        """
        .formatted(
            sandbox.page(),
            sandbox.webhooks(),
            sandbox.settings().secrets().get("acme"),
            sandbox.settings().adminToken(),
            sandbox.folder(),
            sandbox.admin());
  }
}
