package convor.relay.inbox;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;

/**
 * Bounds a call to a destination as a whole: HttpClient's own timeouts begin anew with each byte,
 * so an answer that dribbles would hold its thread for ever, and it reads answers of any size.
 *
 * @param deadline from the request to the last byte of the answer; then the connection is cut, and
 *     the outcome is unknown
 * @param maxAnswer bytes
 */
public record CallLimits(Duration deadline, long maxAnswer, ScheduledExecutorService deadlines)
    implements HttpClientConfigurer {

  @Override
  public void configureHttpClient(HttpClientBuilder builder) {
    builder.addExecInterceptorFirst(
        "call-limits",
        (request, scope, chain) -> {
          ScheduledFuture<?> cut =
              deadlines.schedule(() -> cut(scope), deadline.toMillis(), TimeUnit.MILLISECONDS);
          try {
            return limited(chain.proceed(request, scope), cut);
          } catch (Exception e) {
            cut.cancel(false);
            throw e;
          }
        });
  }

  private static void cut(ExecChain.Scope scope) {
    scope.execRuntime.discardEndpoint();
  }

  private ClassicHttpResponse limited(ClassicHttpResponse response, ScheduledFuture<?> cut) {
    HttpEntity entity = response.getEntity();
    if (entity == null) {
      cut.cancel(false);
    } else {
      response.setEntity(new Limited(entity, cut));
    }
    return response;
  }

  private final class Limited extends HttpEntityWrapper {
    private final ScheduledFuture<?> cut;

    Limited(HttpEntity entity, ScheduledFuture<?> cut) {
      super(entity);
      this.cut = cut;
    }

    @Override
    public InputStream getContent() throws IOException {
      return new FilterInputStream(super.getContent()) {
        private long count;

        @Override
        public int read() throws IOException {
          int b = super.read();
          counted(b < 0 ? 0 : 1);
          return b;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
          int n = super.read(buffer, offset, length);
          counted(Math.max(n, 0));
          return n;
        }

        @Override
        public void close() throws IOException {
          cut.cancel(false);
          super.close();
        }

        private void counted(int bytes) throws IOException {
          count += bytes;
          if (count > maxAnswer) {
            throw new IOException("the answer is larger than " + maxAnswer + " bytes");
          }
        }
      };
    }

    @Override
    public void close() throws IOException {
      cut.cancel(false);
      super.close();
    }
  }
}
