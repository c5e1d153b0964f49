/** Reading the load commands of a thin 64-bit Mach-O file. Layout: <mach-o/loader.h>. */
const MAGIC_64 = 0xfeedfacf;
const HEADER_SIZE = 32;
const SECTION_SIZE = 80;
const SECTIONS_AT = 72;
const LC_SEGMENT_64 = 0x19;
export const LC_CODE_SIGNATURE = 0x1d;
export const TYPE_EXECUTE = 2;

export interface Segment {
  readonly name: string;
  /** Where its load command begins. */
  readonly command: number;
  readonly fileOffset: number;
  readonly fileSize: number;
}

/** Where LC_CODE_SIGNATURE is, and what it points to. */
export interface SignatureCommand {
  readonly command: number;
  readonly offset: number;
  readonly size: number;
}

export interface MachO {
  readonly fileType: number;
  readonly commandCount: number;
  /** End of the load commands. */
  readonly commandsEnd: number;
  /** Where the first section's bytes begin: the load commands can grow up to there. */
  readonly firstSection: number;
  readonly segments: readonly Segment[];
  readonly signature: SignatureCommand | undefined;
}

function readSegment(file: Buffer, command: number): Segment {
  return {
    name: file.toString('latin1', command + 8, command + 24).replace(/\0+$/, ''),
    command,
    fileOffset: Number(file.readBigUInt64LE(command + 40)),
    fileSize: Number(file.readBigUInt64LE(command + 48)),
  };
}

function sectionOffsets(file: Buffer, command: number): number[] {
  const count = file.readUInt32LE(command + 64);
  const offsets = Array.from({ length: count }, (_, index) =>
    file.readUInt32LE(command + SECTIONS_AT + index * SECTION_SIZE + 48),
  );
  return offsets.filter((offset) => offset > 0);
}

/** Throws on anything but a thin 64-bit file (a universal one, another format). */
export function parseMachO(file: Buffer): MachO {
  if (file.readUInt32LE(0) !== MAGIC_64) throw new Error('not a thin 64-bit Mach-O file');
  const commandCount = file.readUInt32LE(16);
  const segments: Segment[] = [];
  let firstSection = file.length;
  let signature: SignatureCommand | undefined;
  let command = HEADER_SIZE;
  for (let index = 0; index < commandCount; index++) {
    const type = file.readUInt32LE(command);
    if (type === LC_SEGMENT_64) {
      segments.push(readSegment(file, command));
      firstSection = Math.min(firstSection, ...sectionOffsets(file, command));
    } else if (type === LC_CODE_SIGNATURE) {
      signature = { command, offset: file.readUInt32LE(command + 8), size: file.readUInt32LE(command + 12) };
    }
    command += file.readUInt32LE(command + 4);
  }
  return {
    fileType: file.readUInt32LE(12),
    commandCount,
    commandsEnd: HEADER_SIZE + file.readUInt32LE(20),
    firstSection,
    segments,
    signature,
  };
}

/** The named segment; throws if there is none. */
export function segmentOf({ segments }: MachO, name: string): Segment {
  const segment = segments.find((candidate) => candidate.name === name);
  if (segment === undefined) throw new Error(`a Mach-O file without ${name}`);
  return segment;
}
