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

  @Test
  void what_is_large_is_written_whole_and_where_it_belongs() throws IOException {
    byte[] large = new byte[1_000_003];
    new Random(1).nextBytes(large);
    try (FileChannel file = open()) {
      DataUtils.writeFully(file, 5, ByteBuffer.wrap(large));
      assertThat(file.size()).isEqualTo(large.length + 5);
      ByteBuffer read = ByteBuffer.allocate(large.length);
      DataUtils.readFully(file, 5, read);
      assertThat(read.array()).isEqualTo(large);
    }
    assertThat(Files.readAllBytes(folder.resolve("file"))).endsWith(large);
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
