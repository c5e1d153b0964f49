import { crc32, deflateRawSync } from 'node:zlib';

/** One member of a zip (APPNOTE 4.3): what its local header and its row in the directory say, which may be two things. */
export interface ZipMember {
  readonly name: string | Buffer;
  readonly content?: Buffer | string;
  /** Replaces the name in the local header alone. */
  readonly localName?: string;
  /** Replaces the right sum in both. */
  readonly crc?: number;
  readonly method?: 0 | 8;
  readonly flags?: number;
  /** What the directory says of the size, both forms. */
  readonly size?: number;
  /** Type and permissions as Unix has them. */
  readonly mode?: number;
  /** Extra field of the directory. */
  readonly extra?: Buffer;
  /** The row points at this offset instead of its own local header. */
  readonly offset?: number;
}

const bytesOf = (text: string | Buffer): Buffer => (Buffer.isBuffer(text) ? text : Buffer.from(text));

/** A zip of these members, with whatever nonsense is asked for. */
export function zip(members: readonly ZipMember[], behind = ''): Buffer {
  const parts: Buffer[] = [];
  const rows: Buffer[] = [];
  let at = 0;
  for (const member of members) {
    const content = bytesOf(member.content ?? 'x');
    const stored = member.method === 8 ? deflateRawSync(content) : content;
    const sum = member.crc ?? crc32(content);
    const facts = { ...member, sum, stored: stored.length, size: content.length };
    const local = Buffer.concat([localHeader(facts), stored]);
    rows.push(directoryRow({ ...facts, size: member.size ?? content.length }, member.offset ?? at));
    parts.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(rows);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end, Buffer.from(behind)]);
}

type Facts = ZipMember & { readonly sum: number; readonly stored: number; readonly size: number };

function localHeader({ name, localName, flags = 0x800, method = 0, sum, stored, size }: Facts): Buffer {
  const spelled = bytesOf(localName ?? name);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x0403_4b50, 0);
  head.writeUInt16LE(20, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt16LE(method, 8);
  head.writeUInt32LE(sum, 14);
  head.writeUInt32LE(stored, 18);
  head.writeUInt32LE(size, 22);
  head.writeUInt16LE(spelled.length, 26);
  return Buffer.concat([head, spelled]);
}

function directoryRow(facts: Facts, offset: number): Buffer {
  const { name, flags = 0x800, method = 0, sum, stored, size, mode = 0o100600, extra = Buffer.alloc(0) } = facts;
  const spelled = bytesOf(name);
  const row = Buffer.alloc(46);
  row.writeUInt32LE(0x0201_4b50, 0);
  row.writeUInt16LE((3 << 8) | 20, 4);
  row.writeUInt16LE(20, 6);
  row.writeUInt16LE(flags, 8);
  row.writeUInt16LE(method, 10);
  row.writeUInt32LE(sum, 16);
  row.writeUInt32LE(method === 0 ? size : stored, 20);
  row.writeUInt32LE(size, 24);
  row.writeUInt16LE(spelled.length, 28);
  row.writeUInt16LE(extra.length, 30);
  row.writeUInt32LE((mode << 16) >>> 0, 38);
  row.writeUInt32LE(offset, 42);
  return Buffer.concat([row, spelled, extra]);
}
