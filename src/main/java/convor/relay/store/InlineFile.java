package convor.relay.store;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;
import org.jspecify.annotations.Nullable;

/**
 * H2's files as {@code inline:<path>}: read and written by the thread that asks. A thread's
 * interrupt closes a {@code file:} of H2's own for the whole process; {@code async:} survives it,
 * but hands every page over to another thread and back.
 */
public final class InlineFile extends FilePathWrapper {
  static final String SCHEME = "inline";

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
    return new Channel(new RandomAccessFile(unwrap().toString(), mode), name);
  }

  /** Not the file's own channel: that is the one which an interrupt closes. */
  private static final class Channel extends FileBaseDefault {
    private final RandomAccessFile file;
    private final String name;

    Channel(RandomAccessFile file, String name) {
      this.file = file;
      this.name = name;
    }

    @Override
    public synchronized int read(ByteBuffer into, long position) throws IOException {
      if (!into.hasArray()) {
        ByteBuffer bytes = ByteBuffer.allocate(into.remaining());
        int read = read(bytes, position);
        into.put(bytes.flip());
        return read;
      }
      file.seek(position);
      int read = file.read(into.array(), into.arrayOffset() + into.position(), into.remaining());
      into.position(into.position() + Math.max(0, read));
      return read;
    }

    @Override
    public synchronized int write(ByteBuffer from, long position) throws IOException {
      if (!from.hasArray()) {
        return write(ByteBuffer.allocate(from.remaining()).put(from).flip(), position);
      }
      int length = from.remaining();
      file.seek(position);
      file.write(from.array(), from.arrayOffset() + from.position(), length);
      from.position(from.limit());
      return length;
    }

    @Override
    public long size() throws IOException {
      return file.length();
    }

    @Override
    protected void implTruncate(long size) throws IOException {
      if (size < file.length()) {
        file.setLength(size);
      }
    }

    @Override
    public void force(boolean metaData) throws IOException {
      file.getFD().sync();
    }

    @Override
    public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return file.getChannel().tryLock(position, size, shared); // does not wait: no interrupt
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
}
