package convor.relay.crash;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;

/**
 * A disk in memory whose power can fail, for H2: {@code jdbc:h2:power:<disk>/<name>}. What was
 * written before a {@link FileChannel#force} survives. Of what was written since, each write
 * survives whole, up to one of its sectors of 512 bytes, or not at all, whatever came after it.
 *
 * <p>Writes take their time now and then: a flush that does not wait for a write under way on
 * another thread loses it.
 */
final class PowerDisk {
  private static final int SECTOR = 512;
  private static final Map<String, PowerDisk> DISKS = new ConcurrentHashMap<>();
  private static final AtomicInteger COUNT = new AtomicInteger();

  static {
    FilePath.register(new PowerPath());
  }

  private final String name = "disk" + COUNT.incrementAndGet();
  private final Map<String, Content> files = new TreeMap<>();
  private final Random random;
  private int writesLeft = Integer.MAX_VALUE;
  private boolean failing;

  /** An empty disk. */
  PowerDisk(long seed) {
    random = new Random(seed);
    DISKS.put(name, this);
  }

  String url() {
    return "jdbc:h2:power:" + name + "/relay";
  }

  /** The power fails with the {@code writes}-th write or force from now on, unless cut before. */
  synchronized void cutAfter(int writes) {
    writesLeft = writes;
  }

  /** From the {@code writes}-th write or force from now on they fail, until {@link #heal}. */
  synchronized void failAfter(int writes) {
    failing = true;
    writesLeft = writes;
  }

  synchronized void heal() {
    failing = false;
    writesLeft = Integer.MAX_VALUE;
  }

  /** The power fails; returns a disk with what survives of this one. */
  synchronized PowerDisk cut() {
    writesLeft = 0;
    DISKS.remove(name);
    PowerDisk survivor = new PowerDisk(random.nextLong());
    files.forEach(
        (path, content) ->
            survivor.files.put(
                path.replaceFirst(name, survivor.name), new Content(content.surviving(random))));
    return survivor;
  }

  private synchronized void operate() throws IOException {
    if (writesLeft <= 0) {
      throw new IOException(failing ? "No space left on device" : "the power is off");
    }
    writesLeft--;
  }

  private void dawdle() {
    long nanos;
    synchronized (this) {
      nanos = random.nextInt(4) == 0 ? random.nextInt(2_000_000) : 0;
    }
    if (nanos > 0) {
      LockSupport.parkNanos(nanos);
    }
  }

  private static PowerDisk of(String path) {
    PowerDisk disk = DISKS.get(path.split("/", 2)[0]);
    if (disk == null) {
      throw new IllegalStateException("the power of " + path + " is off");
    }
    return disk;
  }

  /** A write, or a truncation if there are no bytes. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares changes
  private record Change(long at, byte[] bytes) {}

  /** A file: as programs see it, as it is for certain on disk, and the changes between. */
  private static final class Content {
    private byte[] seen;
    private byte[] durable;
    private final Deque<Change> unforced = new ArrayDeque<>();
    private long changes;

    Content(byte[] bytes) {
      seen = bytes;
      durable = bytes;
    }

    private static byte[] apply(byte[] bytes, Change change) {
      if (change.bytes == null) {
        return Arrays.copyOf(bytes, (int) Math.min(change.at, bytes.length));
      }
      int end = (int) change.at + change.bytes.length;
      byte[] changed = end > bytes.length ? Arrays.copyOf(bytes, end) : bytes;
      System.arraycopy(change.bytes, 0, changed, (int) change.at, change.bytes.length);
      return changed;
    }

    synchronized void change(long at, byte[] bytes) {
      if (seen == durable) {
        seen = durable.clone();
      }
      Change change = new Change(at, bytes);
      seen = apply(seen, change);
      unforced.add(change);
      changes++;
    }

    synchronized int read(ByteBuffer into, long at) {
      int length = (int) Math.min(into.remaining(), seen.length - at);
      if (length <= 0) {
        return into.hasRemaining() ? -1 : 0;
      }
      into.put(seen, (int) at, length);
      return length;
    }

    synchronized long size() {
      return seen.length;
    }

    synchronized long changes() {
      return changes;
    }

    /** The first so many of all changes are on disk. */
    synchronized void forced(long upTo) {
      while (changes - unforced.size() < upTo) {
        durable = apply(durable, unforced.remove());
      }
    }

    synchronized byte[] surviving(Random random) {
      byte[] survived = durable.clone();
      for (Change change : unforced) {
        int fate = random.nextInt(3);
        if (fate == 0 || (fate == 1 && change.bytes == null)) {
          survived = apply(survived, change);
        } else if (fate == 1) {
          survived = torn(survived, change, random);
        }
      }
      return survived;
    }

    /** The sectors reach the disk in their order. */
    private static byte[] torn(byte[] bytes, Change change, Random random) {
      int sectors = (change.bytes.length + SECTOR - 1) / SECTOR;
      int written = Math.min(random.nextInt(sectors + 1) * SECTOR, change.bytes.length);
      return apply(bytes, new Change(change.at, Arrays.copyOf(change.bytes, written)));
    }
  }

  private static final class Channel extends FileBaseDefault {
    private final PowerDisk disk;
    private final Content content;

    Channel(PowerDisk disk, Content content) {
      this.disk = disk;
      this.content = content;
    }

    @Override
    public long size() {
      return content.size();
    }

    @Override
    public synchronized int read(ByteBuffer into, long at) {
      return content.read(into, at);
    }

    @Override
    public synchronized int write(ByteBuffer from, long at) throws IOException {
      disk.dawdle();
      disk.operate();
      byte[] bytes = new byte[from.remaining()];
      from.get(bytes);
      content.change(at, bytes);
      return bytes.length;
    }

    @Override
    protected void implTruncate(long size) throws IOException {
      disk.operate();
      if (size < content.size()) {
        content.change(size, null);
      }
    }

    /** As on a real disk: it covers what was written before it was called. */
    @Override
    public void force(boolean metaData) throws IOException {
      long upTo = content.changes();
      disk.dawdle();
      disk.operate();
      content.forced(upTo);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) {
      return new FileLock(this, position, size, shared) {
        @Override
        public boolean isValid() {
          return true;
        }

        @Override
        public void release() {}
      };
    }
  }

  /** H2's way to a file. Creating, renaming and deleting files is durable at once. */
  private static final class PowerPath extends FilePath {
    @Override
    public String getScheme() {
      return "power";
    }

    @Override
    public FilePath getPath(String path) {
      PowerPath power = new PowerPath();
      power.name = path;
      return power;
    }

    private String path() {
      return name.substring("power:".length());
    }

    private PowerDisk disk() {
      return of(path());
    }

    private <T> T onDisk(Function<Map<String, Content>, T> work) {
      PowerDisk disk = disk();
      synchronized (disk) {
        return work.apply(disk.files);
      }
    }

    @Override
    public long size() {
      return onDisk(files -> files.containsKey(path()) ? files.get(path()).size() : 0);
    }

    @Override
    public void moveTo(FilePath target, boolean replace) {
      onDisk(files -> files.put(((PowerPath) target).path(), files.remove(path())));
    }

    @Override
    public boolean createFile() {
      return onDisk(files -> files.putIfAbsent(path(), new Content(new byte[0])) == null);
    }

    @Override
    public boolean exists() {
      return isDirectory() || isRegularFile();
    }

    @Override
    public void delete() {
      onDisk(files -> files.remove(path()));
    }

    @Override
    public List<FilePath> newDirectoryStream() {
      return onDisk(
          files ->
              files.keySet().stream()
                  .filter(path -> path.startsWith(path() + "/"))
                  .map(path -> getPath("power:" + path))
                  .toList());
    }

    @Override
    public FilePath toRealPath() {
      return this;
    }

    @Override
    public FilePath getParent() {
      int slash = name.lastIndexOf('/');
      return slash < 0 ? null : getPath(name.substring(0, slash));
    }

    @Override
    public boolean isDirectory() {
      return !path().contains("/");
    }

    @Override
    public boolean isRegularFile() {
      return onDisk(files -> files.containsKey(path()));
    }

    @Override
    public boolean isAbsolute() {
      return true;
    }

    @Override
    public long lastModified() {
      return 0;
    }

    @Override
    public boolean canWrite() {
      return true;
    }

    @Override
    public void createDirectory() {}

    @Override
    public boolean setReadOnly() {
      return false;
    }

    @Override
    public FileChannel open(String mode) {
      createFile();
      return new Channel(disk(), onDisk(files -> files.get(path())));
    }
  }
}
