package convor.relay.operate;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Lets those through who show the admin token. Where there is none, the port is on loopback and
 * everybody on this machine may come in; but not a web page of elsewhere that this machine's
 * browser shows, be it by a request across origins or by a name of its own that it lets point to
 * 127.0.0.1.
 */
public final class Guard implements Handler<RoutingContext> {
  private static final Pattern LOOPBACK =
      Pattern.compile("(?i)(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d{1,5})?");
  private static final String BEARER = "Bearer ";

  private final @Nullable String token;

  Guard(@Nullable String token) {
    this.token = token;
  }

  /** Why the request may not come in, or null if it may. */
  @Nullable String refusal(HttpServerRequest request) {
    if (token != null) {
      String shown = request.getHeader("Authorization");
      return shown != null
              && shown.regionMatches(true, 0, BEARER, 0, BEARER.length())
              && isToken(shown.substring(BEARER.length()).strip(), token)
          ? null
          : "the admin token is missing or wrong; send it as: Authorization: Bearer <token>";
    }
    String host = request.getHeader("Host");
    String origin = request.getHeader("Origin");
    boolean here =
        host != null
            && LOOPBACK.matcher(host).matches()
            && (origin == null || origin.equalsIgnoreCase("http://" + host));
    return here
        ? null
        : "without relay.admin.token only this machine may ask, at localhost, and no other site's page";
  }

  private static boolean isToken(String shown, String token) {
    return MessageDigest.isEqual(
        shown.getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void handle(RoutingContext ctx) {
    String refusal = refusal(ctx.request());
    if (refusal == null) {
      ctx.next();
      return;
    }
    if (token != null) {
      ctx.response().putHeader("WWW-Authenticate", "Bearer");
    }
    AdminServer.answer(ctx, AdminError.answer(token == null ? 403 : 401, refusal));
  }
}
