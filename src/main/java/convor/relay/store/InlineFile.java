package convor.relay.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;
import org.h2.store.fs.FileUtils;

/**
 * H2's files as {@code inline:<path>}: read and written by the thread that asks. A thread's
 * interrupt closes a {@code file:} of H2's own for the whole process; {@code async:} survives it,
 * but hands every page over to another thread and back.
 */
public final class InlineFile extends FilePathWrapper {
  static final String SCHEME = "inline";

  /** A thread keeps a buffer as large as the largest piece that it ever wrote. */
  private static final int LARGEST_PIECE = 1 << 17;

  /** From now on H2 knows the scheme. */
  static void register() {
    FilePath.register(new InlineFile());
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    return new Channel(
        AsynchronousFileChannel.open(
            Path.of(unwrap().toString()), FileUtils.modeToOptions(mode), new Inline()),
        name);
  }

  /** An asynchronous channel is the one that an interrupt does not close. */
  private static final class Channel extends FileBaseDefault {
    private final AsynchronousFileChannel file;
    private final String name;

    Channel(AsynchronousFileChannel file, String name) {
      this.file = file;
      this.name = name;
    }

    /** Of an operation that is over when it is returned. */
    private static int done(Future<Integer> operation) throws IOException {
      try {
        return operation.get();
      } catch (ExecutionException e) {
        throw new IOException(e.getCause());
      } catch (InterruptedException e) {
        throw new IllegalStateException("an operation was not over when it was returned", e);
      }
    }

    @Override
    public synchronized int read(ByteBuffer into, long position) throws IOException {
      return done(file.read(into, position));
    }

    @Override
    public synchronized int write(ByteBuffer from, long position) throws IOException {
      int length = Math.min(from.remaining(), LARGEST_PIECE);
      int written = done(file.write(from.slice(from.position(), length), position));
      from.position(from.position() + written);
      return written;
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    protected void implTruncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public void force(boolean metaData) throws IOException {
      file.force(metaData);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return file.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      file.close();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Whoever submits a task runs it. */
  private static final class Inline extends AbstractExecutorService {
    private volatile boolean shutdown;

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public void shutdown() {
      shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      shutdown = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return shutdown;
    }

    @Override
    public boolean isTerminated() {
      return shutdown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return shutdown;
    }
  }
}
