package convor.relay.sandbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/**
 * Makes Convor's events as we assume them: {@code conversation.*} and {@code message.created} have
 * {@code data.conversation} with its visitor, {@code visitor.identified} has {@code data.visitor},
 * {@code contact.updated} {@code data.contact}. The texts hold what breaks templates: quotes, line
 * breaks, emoji, markup, other scripts. What an event tells of happens in the organization's
 * account, so that its API shows the same. Thread-safe.
 */
public final class ConvorEvents {
  public static final List<String> TYPES =
      List.of(
          "conversation.created",
          "conversation.escalated",
          "conversation.closed",
          "conversation.tagged",
          "message.created",
          "visitor.identified",
          "contact.updated");

  private record Person(String name, String email, String company) {}

  private static final List<Person> PEOPLE =
      List.of(
          new Person("Ann O'Hara", "ann@example.com", "O'Hara & Daughters"),
          new Person("José \"Pepe\" García", "pepe@example.es", "Viajes García, S.L."),
          new Person("李小龍", "bruce@example.hk", "龍門"),
          new Person("Zoë 🦊 Müller", "zoe@example.de", "Füchse GmbH"),
          new Person("مريم حسن", "maryam@example.eg", "النيل للتجارة"),
          new Person("Bob <b>Tables</b>", "bob@example.org", "{{company}}"));
  private static final List<String> SUBJECTS =
      List.of(
          "Refund for order #1042",
          "\"Save\" does nothing",
          "Two lines:\nthe second one",
          "It crashes 💥 when I press C:\\new\\table",
          "100% wrong & 5 < 3 ${total}",
          "Ma facture est-elle déjà partie ?",
          "مشكلة في الدفع");
  private static final List<String> MESSAGES =
      List.of(
          "Hello, is anyone there? 👋",
          "I said \"no\", then\r\n\tthe page went blank.",
          "<script>alert('hi')</script> is what I see.",
          "Danke, das war's!",
          "");
  private static final List<String> TAGS = List.of("billing", "vip", "needs reply", "mobile");

  /** Of all who may be the visitor or contact of an event. */
  static List<String> emails() {
    return PEOPLE.stream().map(Person::email).toList();
  }

  private final InstantSource clock;
  private final RandomGenerator random;
  private final Map<String, ConvorAccount> accounts = new ConcurrentHashMap<>();
  private long conversations;

  public ConvorEvents(InstantSource clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  /**
   * A new event. Its organization id is {@code org_<org>}; a {@code conversation.tagged} is tagged
   * {@code bug}. Half of those that could are about a conversation that is open already.
   *
   * @throws IllegalArgumentException if the type is none of {@link #TYPES}
   */
  public synchronized ObjectNode next(String org, String type) {
    if (!TYPES.contains(type)) {
      throw new IllegalArgumentException("type is one of " + String.join(", ", TYPES));
    }
    Instant at = clock.instant();
    String now = at.truncatedTo(ChronoUnit.MILLIS).toString();
    Person person = any(PEOPLE);
    String id = "v_" + (PEOPLE.indexOf(person) + 1);
    ObjectNode visitor = Json.object("id", id, "email", person.email(), "name", person.name());
    ObjectNode details =
        visitor
            .deepCopy()
            .put("company", person.company())
            .put("phone", "+49 30 1234567")
            .put("updated_at", now);
    ObjectNode data =
        switch (type) {
          case "visitor.identified" -> Json.object("visitor", details);
          case "contact.updated" -> Json.object("contact", details);
          default -> {
            ObjectNode conversation = conversation(account(org), type, visitor);
            ObjectNode message = message();
            account(org).write(conversation, at);
            account(org).add(message, conversation.path("id").asText(), at);
            yield Json.object("conversation", conversation, "message", message);
          }
        };
    return Json.object("id", "evt_" + id(), "type", type, "created_at", now)
        .put("organization_id", "org_" + org)
        .set("data", data);
  }

  /** What an organization has at Convor, empty at first. */
  public ConvorAccount account(String org) {
    return accounts.computeIfAbsent(org, ConvorAccount::new);
  }

  private ObjectNode conversation(ConvorAccount account, String type, ObjectNode visitor) {
    boolean goesOn = !type.equals("conversation.created") && random.nextBoolean();
    ObjectNode conversation =
        (goesOn ? account.anyOpen(random) : Optional.<ObjectNode>empty())
            .orElseGet(() -> opened(visitor));
    if (type.equals("conversation.closed")) {
      conversation.put("status", "closed");
    } else if (type.equals("conversation.tagged")
        && !conversation.path("tags").toString().contains("\"bug\"")) {
      conversation.withArray("tags").add("bug");
    }
    return conversation;
  }

  /** Of many in one second the later one has the higher id: so they may all have one time. */
  private ObjectNode opened(ObjectNode visitor) {
    String id = String.format(Locale.ROOT, "c_%08d", ++conversations);
    ObjectNode conversation = Json.object("id", id, "subject", any(SUBJECTS), "status", "open");
    return conversation
        .put("updated_at", "")
        .setAll(Json.object("tags", List.of(any(TAGS)), "visitor", visitor));
  }

  private ObjectNode message() {
    return Json.object("id", "m_" + id(), "text", any(MESSAGES), "author", "visitor");
  }

  private String id() {
    return new UUID(random.nextLong(), random.nextLong()).toString().replace("-", "");
  }

  private <T> T any(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }
}
