package convor.relay.inbox;

import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.Route;
import org.apache.camel.spi.Metadata;
import org.apache.camel.spi.annotations.Component;
import org.apache.camel.support.DefaultComponent;
import org.apache.camel.support.LifecycleStrategySupport;
import org.jspecify.annotations.Nullable;

/**
 * The {@code inbox} component: {@code to: inbox:append} stores an event, {@code from:
 * inbox:<connector>} is a durable subscription to the stored events.
 */
@Component("inbox")
public class InboxComponent extends DefaultComponent {
  @Metadata(autowired = true, label = "advanced", description = "What the inbox works with.")
  private @Nullable Inbox inbox;

  /** All connectors begin to drain when the relay begins to stop: Camel stops them one by one. */
  @Override
  protected void doInit() throws Exception {
    super.doInit();
    getCamelContext()
        .addLifecycleStrategy(
            new LifecycleStrategySupport() {
              @Override
              public void onContextStopping(CamelContext context) {
                context.getRoutes().stream()
                    .map(Route::getConsumer)
                    .filter(InboxConsumer.class::isInstance)
                    .forEach(consumer -> ((InboxConsumer) consumer).drain());
              }
            });
  }

  @Override
  protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters)
      throws Exception {
    InboxEndpoint endpoint = new InboxEndpoint(uri, this);
    endpoint.setName(remaining);
    setProperties(endpoint, parameters);
    return endpoint;
  }

  public @Nullable Inbox getInbox() {
    return inbox;
  }

  public void setInbox(Inbox inbox) {
    this.inbox = inbox;
  }
}
