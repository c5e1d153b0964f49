/** The part of a journal's header that identifies its transaction. To commit, a writer that keeps its journal zeroes exactly this part. */
export const JOURNAL_HEADER_SIZE = 28;
/** The longest path that SQLite keeps in a journal, with room to spare. */
export const SUPER_TAIL_SIZE = 8192;
const MAGIC = Buffer.from('d9d505f920a163d7', 'hex');
const ZEROS = Buffer.alloc(12);
/** What follows the name of a super-journal: its length, its sum and the magic number. Before it comes the number of a page that no database has. */
const AFTER_NAME = 16;
const BEFORE_NAME = 4;

/** What the header of a rollback journal says (https://www.sqlite.org/fileformat2.html, section 3). */
export interface JournalHeader {
  /** Different for each transaction, since it holds a random number. */
  readonly id: string;
  /** False while the journal is not synced (src/pager.c, writeJournalHdr): until then no page of the database is written. */
  readonly isHot: boolean;
}

/**
 * Reads the header of a journal. Null if SQLite rolls nothing back from it: the file is too short, zeroed by a commit, or not a journal.
 * @param bytes the first 28 bytes of the file, fewer where it has no more
 */
export function readJournalHeader(bytes: Buffer): JournalHeader | null {
  if (bytes.length < JOURNAL_HEADER_SIZE) return null;
  const isHot = bytes.subarray(0, MAGIC.length).equals(MAGIC);
  if (!isHot && !bytes.subarray(0, ZEROS.length).equals(ZEROS)) return null;
  const sectorSize = bytes.readUInt32BE(20);
  if (sectorSize < 32 || sectorSize > 65_536 || (sectorSize & (sectorSize - 1)) !== 0) return null;
  return { id: bytes.toString('hex', ZEROS.length, JOURNAL_HEADER_SIZE), isHot };
}

/** A transaction over several databases is committed by the removal of one file, whose name stands at the end of each journal. */
export interface SuperJournal {
  /** Absolute, as SQLite wrote it. */
  readonly name: Buffer;
  /** How many bytes the name, with what surrounds it, takes at the end of the journal. */
  readonly bytes: number;
}

/**
 * The super-journal that a journal names, or null (src/pager.c, readSuperJournal).
 * @param tail the last bytes of the journal, as many as `SUPER_TAIL_SIZE` where it has them
 */
export function readSuperJournal(tail: Buffer): SuperJournal | null {
  if (tail.length < AFTER_NAME || !tail.subarray(-MAGIC.length).equals(MAGIC)) return null;
  const length = tail.readUInt32BE(tail.length - AFTER_NAME);
  const bytes = BEFORE_NAME + length + AFTER_NAME;
  if (length === 0 || bytes > tail.length) return null;
  const name = tail.subarray(tail.length - AFTER_NAME - length, tail.length - AFTER_NAME);
  // SQLite sums `char`s, which are signed on some machines and unsigned on others.
  const unsigned = name.reduce((sum, byte) => (sum + byte) | 0, 0);
  const signed = name.reduce((sum, byte) => (sum + ((byte << 24) >> 24)) | 0, 0);
  if (![unsigned, signed].includes(tail.readInt32BE(tail.length - AFTER_NAME + 4))) return null;
  return { name: Buffer.from(name), bytes };
}
