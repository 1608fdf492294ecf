package convor.relay.browser;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skipped where there is no Chromium; but with {@code CI=true} or {@code RELAY_REQUIRE_BROWSER=1} a
 * missing one is a failure.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(WithChromium.Condition.class)
@interface WithChromium {
  Path BROWSER = Path.of("/usr/bin/chromium");
  Path DRIVER = Path.of("/usr/bin/chromedriver");

  /** Looks for both. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      List<Path> missing = List.of(BROWSER, DRIVER).stream().filter(Files::notExists).toList();
      if (missing.isEmpty()) {
        return ConditionEvaluationResult.enabled("Chromium is there");
      }
      if ("true".equals(System.getenv("CI"))
          || "1".equals(System.getenv("RELAY_REQUIRE_BROWSER"))) {
        return ConditionEvaluationResult.enabled("required, and will fail: no " + missing);
      }
      return ConditionEvaluationResult.disabled(
          "no " + missing + "; apt-get install chromium chromium-driver brings them");
    }
  }
}
