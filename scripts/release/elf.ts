/**
 * Takes symbols and debugging data out of a 64-bit little-endian ELF executable, on any operating system and for any
 * processor. Layout: System V ABI, chapters 4 and 5 (elf(5)).
 */
const HEADER = { programHeaders: 0x20, sectionHeaders: 0x28, programCount: 0x38, sectionCount: 0x3c, namesIndex: 0x3e };
const PROGRAM_HEADER_SIZE = 56;
const SECTION_HEADER_SIZE = 64;
const TYPE_NOBITS = 8;
const FLAG_ALLOC = 2n;

interface Section {
  readonly header: Buffer;
  readonly inMemory: boolean;
  readonly offset: number;
  readonly size: number;
  /** How many bytes of the file it takes. */
  readonly fileSize: number;
}

function readSections(elf: Buffer): Section[] {
  const begin = Number(elf.readBigUInt64LE(HEADER.sectionHeaders));
  return Array.from({ length: elf.readUInt16LE(HEADER.sectionCount) }, (_, index) => {
    const header = elf.subarray(begin + index * SECTION_HEADER_SIZE, begin + (index + 1) * SECTION_HEADER_SIZE);
    const size = Number(header.readBigUInt64LE(0x20));
    return {
      header,
      inMemory: (header.readBigUInt64LE(0x08) & FLAG_ALLOC) !== 0n,
      offset: Number(header.readBigUInt64LE(0x18)),
      size,
      fileSize: header.readUInt32LE(0x04) === TYPE_NOBITS ? 0 : size,
    };
  });
}

/** Where the last byte that is loaded or described by a program header ends. */
function endOfSegments(elf: Buffer): number {
  const begin = Number(elf.readBigUInt64LE(HEADER.programHeaders));
  const ends = Array.from({ length: elf.readUInt16LE(HEADER.programCount) }, (_, index) => {
    const header = elf.subarray(begin + index * PROGRAM_HEADER_SIZE);
    return Number(header.readBigUInt64LE(0x08)) + Number(header.readBigUInt64LE(0x20));
  });
  return Math.max(...ends);
}

/** A copy with nothing but what is loaded into memory, its section headers, and their names. Throws on any other kind of file. */
export function stripElf(elf: Buffer): Buffer {
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) {
    throw new Error('not a 64-bit little-endian ELF file');
  }
  const sections = readSections(elf);
  const names = sections[elf.readUInt16LE(HEADER.namesIndex)];
  if (names === undefined) throw new Error('an ELF file without section names');
  // The first section header is the empty one. Sections refer to each other by index, so only the last ones can be removed.
  const kept = sections.filter(({ inMemory }, index) => index === 0 || inMemory);
  if (kept.some((section, index) => section !== sections[index])) {
    throw new Error('sections that are loaded come after some that are not');
  }
  const end = Math.max(endOfSegments(elf), ...kept.map(({ offset, fileSize }) => offset + fileSize));
  const headersAt = Math.ceil((end + names.size) / 8) * 8;

  const stripped = Buffer.alloc(headersAt + (kept.length + 1) * SECTION_HEADER_SIZE);
  elf.copy(stripped, 0, 0, end);
  elf.copy(stripped, end, names.offset, names.offset + names.size);
  const headers = [...kept, names].map(({ header }) => Buffer.from(header));
  headers.at(-1)?.writeBigUInt64LE(BigInt(end), 0x18);
  Buffer.concat(headers).copy(stripped, headersAt);
  stripped.writeBigUInt64LE(BigInt(headersAt), HEADER.sectionHeaders);
  stripped.writeUInt16LE(headers.length, HEADER.sectionCount);
  stripped.writeUInt16LE(kept.length, HEADER.namesIndex);
  return stripped;
}
