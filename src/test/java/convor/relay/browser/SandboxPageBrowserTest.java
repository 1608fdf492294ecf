package convor.relay.browser;

import static org.assertj.core.api.Assertions.assertThat;

import convor.relay.cli.SandboxProcess;
import convor.relay.testing.SlackRoute;
import convor.relay.testing.TestRelay;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;

/** The sandbox's page as a person uses it. */
@WithChromium
class SandboxPageBrowserTest {
  @TempDir private static Path folder;
  private static SandboxProcess sandbox;
  private static ChromeDriver browser;

  @BeforeAll
  static void open() throws IOException {
    Path routes = SlackRoute.into(folder.resolve("routes"));
    for (String poll : List.of("poll", "poll-conversations")) {
      String file = poll + ".camel.yaml";
      Files.copy(Path.of("routes", file), routes.resolve(file));
    }
    sandbox = new SandboxProcess(routes);
    browser = Chromium.open(folder.resolve("profile"));
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.quit();
    }
    if (sandbox != null) {
      sandbox.close();
    }
  }

  private static ConditionFactory soon() {
    return Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions();
  }

  private static String text(String id) {
    return browser.findElement(By.id(id)).getText();
  }

  private static void send(String type) {
    soon().until(() -> !browser.findElements(By.cssSelector("#types button")).isEmpty());
    browser.findElements(By.cssSelector("#types button")).stream()
        .filter(button -> button.getText().equals(type))
        .findFirst()
        .orElseThrow()
        .click();
  }

  private static void behave(String how) {
    for (WebElement option : browser.findElements(By.cssSelector("#destinations option"))) {
      WebElement card = option.findElement(By.xpath("ancestor::div[contains(@class,'card')]"));
      if (card.getText().startsWith("Slack") && how.equals(option.getDomAttribute("value"))) {
        option.click();
        return;
      }
    }
    throw new IllegalStateException("no " + how);
  }

  @Test
  void an_event_is_sent_and_seen_at_every_step_and_a_fault_makes_it_wait() {
    browser.get(sandbox.page());
    soon().until(() -> text("status").equals("Connected."));
    assertThat(browser.getCurrentUrl()).doesNotContain("token");
    assertThat(browser.findElement(By.id("locked")).isDisplayed()).isFalse();

    send("conversation.created");
    soon().until(() -> text("sent").contains("conversation.created"));
    soon().until(() -> text("sent").contains("accepted"));
    soon().until(() -> text("deliveries").contains("slack acme done"));
    assertThat(text("connectors")).contains("slack acme active", "slack globex not subscribed");

    behave("fail");
    soon().until(() -> text("status").startsWith("Slack: Fails: 500"));
    send("conversation.escalated");
    soon().until(() -> text("deliveries").contains("slack acme waiting"));

    behave("ok");
    soon()
        .until(
            () ->
                !text("deliveries").contains("waiting")
                    && text("deliveries").contains("conversation.escalated slack acme done"));
    assertThat(browser.manage().logs().get("browser").getAll())
        .as("what the browser's console says")
        .noneMatch(entry -> entry.getMessage().contains("Content Security Policy"));
  }

  @Test
  void a_lost_webhook_is_marked_and_recovered_and_the_calls_of_convors_api_are_shown()
      throws Exception {
    browser.get(sandbox.page());
    soon().until(() -> !text("total").isEmpty());
    choose("#lose", "all");
    soon().until(() -> text("status").equals("Webhooks that get lost: all."));
    send("conversation.closed");
    soon().until(() -> text("lost").equals("1"));
    // The page makes its rows anew every second: the one that was found may be gone by now.
    soon()
        .untilAsserted(
            () ->
                assertThat(browser.findElement(By.cssSelector("#sent tr.lost")).getText())
                    .contains("conversation.closed acme c_", "lost 0"));
    choose("#lose", "none");
    soon().until(() -> text("status").equals("Webhooks that get lost: none."));
    soon().until(() -> text("recovered").contains("conversations acme conversation/c_"));
    assertThat(text("recovered")).contains("conversation.changed");
    assertThat(text("cursors")).contains("conversations acme", "conversations globex");

    String api = sandbox.api() + "/v1/messages?limit=9";
    HttpRequest stranger = HttpRequest.newBuilder(URI.create(api)).build();
    assertThat(TestRelay.call(stranger).statusCode()).isEqualTo(401);
    soon().until(() -> text("api-calls").contains("GET /v1/messages?limit=9 401"));
    choose("#api select", "Limits: 429, seconds");
    soon().until(() -> text("status").startsWith("Convor's API: Limits: 429"));
    assertThat(TestRelay.call(stranger).statusCode()).isEqualTo(429);
    soon().until(() -> text("api-calls").contains("429 limit"));
    choose("#api select", "Works");
    soon().until(() -> text("status").startsWith("Convor's API: Works"));
    browser.findElement(By.id("expire")).click();
    soon().until(() -> text("status").contains("every cursor given out so far answers 410"));
    assertThat(text("destinations")).doesNotContain("Convor");
  }

  private static void choose(String select, String words) {
    browser.findElements(By.cssSelector(select + " option")).stream()
        .filter(option -> option.getText().equals(words))
        .findFirst()
        .orElseThrow()
        .click();
  }

  @Test
  void without_the_token_the_page_asks_for_it_and_shows_nothing() {
    browser.manage().deleteAllCookies();
    browser.switchTo().newWindow(org.openqa.selenium.WindowType.TAB);
    browser.get(sandbox.page().replaceAll("#.*", ""));
    soon().until(() -> browser.findElement(By.id("locked")).isDisplayed());
    assertThat(text("deliveries")).isEmpty();
    browser.findElement(By.id("token")).sendKeys(sandbox.page().replaceAll(".*token=", ""));
    browser.findElement(By.cssSelector("#unlock button")).click();
    soon().until(() -> !browser.findElement(By.id("locked")).isDisplayed());
    soon().until(() -> text("connectors").contains("slack acme active"));
  }
}
