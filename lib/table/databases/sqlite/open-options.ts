import type { DataSourceOptions } from 'typeorm';

/** A file as TypeORM opens it, before anything else is done with it. */
interface OpenedFile {
  readonly open: boolean;
  pragma(text: string): unknown;
  close(): void;
}

interface FileOptions {
  readonly enableWAL?: boolean;
  readonly prepareDatabase?: (file: OpenedFile) => unknown;
}

/** How much of a file is read where the system keeps it; what lies behind that is copied page by page. */
const MAPPED_BYTES = 2 ** 28;

/**
 * How a file of our own is opened. The driver does not wait for the lock of another process, because it would block the event loop: we
 * wait, up to `operationTimeout`. In WAL mode, unless the application prepares the file by itself, it is mapped into memory: that mode
 * shares memory already, so the file is on a local disk.
 */
export function ownFileOptions(options: DataSourceOptions): object {
  const { enableWAL, prepareDatabase } = options as FileOptions;
  let last: OpenedFile | undefined;
  const prepare = async (file: OpenedFile): Promise<void> => {
    // TypeORM leaves a file open that could not be prepared because it was locked.
    if (last?.open) last.close();
    last = file;
    if (prepareDatabase) await prepareDatabase(file);
    else if (enableWAL) file.pragma(`mmap_size = ${MAPPED_BYTES}`);
  };
  return { timeout: 0, prepareDatabase: prepare };
}
