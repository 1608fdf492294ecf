package convor.relay.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.h2.mvstore.DataUtils;
import org.h2.store.fs.FilePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file as H2 writes and reads it. */
class InlineFileTest {
  @TempDir private Path folder;

  private FileChannel open() throws IOException {
    InlineFile.register();
    return FilePath.get("inline:" + folder.resolve("file")).open("rw");
  }

  @Test
  void an_interrupt_does_not_close_it_and_is_not_lost() throws IOException {
    try (FileChannel file = open()) {
      Thread.currentThread().interrupt();
      DataUtils.writeFully(file, 0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      file.force(true);
      ByteBuffer read = ByteBuffer.allocate(3);
      DataUtils.readFully(file, 0, read);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(file.isOpen()).isTrue();
      assertThat(read.array()).containsExactly(1, 2, 3);
    } finally {
      Thread.interrupted(); // for those who come after
    }
  }

  /** H2's own are on the heap, but for an encrypted file's. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void what_is_written_is_read_where_it_belongs_whatever_buffer_holds_it(boolean direct)
      throws IOException {
    byte[] large = new byte[1_000_003];
    new Random(1).nextBytes(large);
    try (FileChannel file = open()) {
      ByteBuffer from = buffer(direct, large.length + 7).position(7).put(large).position(7);
      DataUtils.writeFully(file, 5, from);
      assertThat(file.size()).isEqualTo(large.length + 5);
      ByteBuffer into = buffer(direct, large.length);
      DataUtils.readFully(file, 5, into);
      byte[] read = new byte[large.length];
      into.get(read);
      assertThat(read).isEqualTo(large);
      assertThat(file.read(buffer(direct, 1), large.length + 5)).isEqualTo(-1);
      file.truncate(6);
      assertThat(file.size()).isEqualTo(6);
    }
    assertThat(Files.readAllBytes(folder.resolve("file"))).containsExactly(0, 0, 0, 0, 0, large[0]);
  }

  private static ByteBuffer buffer(boolean direct, int size) {
    return direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
  }

  @Test
  void a_failed_operation_is_an_io_exception() throws IOException {
    FileChannel file = open();
    file.close();
    assertThat(file.isOpen()).isFalse();
    assertThatThrownBy(() -> file.write(ByteBuffer.wrap(new byte[1]), 0))
        .isInstanceOf(IOException.class);
  }
}
