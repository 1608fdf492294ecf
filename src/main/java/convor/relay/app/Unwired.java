package convor.relay.app;

import com.zaxxer.hikari.HikariDataSource;
import convor.relay.inbox.InboxComponent;
import convor.relay.inbox.InboxEndpoint;
import convor.relay.inbox.RecordHeaders;
import convor.relay.poll.Polls;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ForkJoinPool;
import org.apache.camel.CamelContext;
import org.apache.camel.Consumer;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.component.kafka.DefaultKafkaClientFactory;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultProducer;
import org.apache.camel.support.processor.idempotent.MemoryIdempotentRepository;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * What routes refer to by name, with nothing behind it: for reading routes without running them.
 */
public final class Unwired {
  private Unwired() {}

  /**
   * Binds all of it.
   *
   * @param pollSettings parameters of polls that win over their routes', by poll
   */
  public static void bind(CamelContext context, Map<String, Map<String, String>> pollSettings) {
    Processor nothing = exchange -> {};
    context.getRegistry().bind("verifySignature", nothing);
    context.getRegistry().bind("answer", nothing);
    context.getRegistry().bind("settleRecords", nothing);
    context.getRegistry().bind("recordHeaders", new RecordHeaders());
    context.getRegistry().bind("storedKeys", new MemoryIdempotentRepository());
    context.getRegistry().bind("reporting", new HikariDataSource());
    context.getRegistry().bind("polls", polls(pollSettings));
    context.getRegistry().bind("pollThreads", ForkJoinPool.commonPool());
    context.getRegistry().bind("kafkaClients", new Unconnected());
    context.addComponent("inbox", new Inbox());
  }

  @SuppressWarnings("NullAway") // nothing of it is called while no route runs
  private static Polls polls(Map<String, Map<String, String>> settings) {
    return new Polls(null, List.of(), settings, null, null, null, null);
  }

  /** Says what is wrong with a producer's options, and looks for no broker. */
  private static final class Unconnected extends DefaultKafkaClientFactory {
    @Override
    public MockProducer<byte[], byte[]> getProducer(Properties options) {
      var unused = new ProducerConfig(options);
      return new MockProducer<>();
    }
  }

  /** Takes what the real one takes. */
  private static final class Inbox extends InboxComponent {
    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters)
        throws Exception {
      Unread endpoint = new Unread(uri, this);
      endpoint.setName(remaining);
      setProperties(endpoint, parameters);
      return endpoint;
    }
  }

  private static final class Unread extends InboxEndpoint {
    Unread(String uri, Inbox component) {
      super(uri, component);
    }

    @Override
    public Consumer createConsumer(Processor processor) {
      var unused = subscription(); // says what is wrong with the options
      return new DefaultConsumer(this, processor);
    }

    @Override
    public Producer createProducer() {
      checkIsAppend();
      return new DefaultProducer(this) {
        @Override
        public void process(Exchange exchange) {}
      };
    }
  }
}
