package convor.relay.verify;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who may send to {@code /webhooks/{org}/{name}}, and how that is proved.
 *
 * @param secrets any of them may have signed (rotation); with none, nothing is accepted
 * @param requireTimestamp refuse what is signed without a time, where the scheme allows that
 * @param organization the sender's own id of the organization: a body that names another is
 *     refused; null to not look
 */
public record Source(
    String org,
    String name,
    Scheme scheme,
    List<String> secrets,
    boolean requireTimestamp,
    @Nullable String organization) {

  /**
   * Checks that every secret is one that the scheme can use.
   *
   * @throws IllegalArgumentException naming the setting and what would be right, without the secret
   */
  public Source {
    secrets = List.copyOf(secrets);
    for (int i = 0; i < secrets.size(); i++) {
      try {
        scheme.key().mac(secrets.get(i));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("secrets: number " + (i + 1) + " " + e.getMessage(), e);
      }
    }
    if (requireTimestamp && !scheme.timestamp().isSigned()) {
      throw new IllegalArgumentException(
          "require-timestamp: the scheme " + scheme.name() + " signs no timestamp; leave it false");
    }
  }

  @Override
  public String toString() {
    return "Source["
        + org
        + "/"
        + name
        + ", "
        + scheme.name()
        + ", "
        + secrets.size()
        + " secrets]";
  }
}
