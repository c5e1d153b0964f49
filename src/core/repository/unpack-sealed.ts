import type { ExportFormat } from '../format/exported-file.ts';
import { damagedExport } from '../format/exported-member.ts';
import { gather } from '../format/gather.ts';
import { ARTIFACTS_FILE, OPEN_FILE } from '../format/layout.ts';
import type { KeysAtHand } from '../model/event.ts';
import { plural } from '../model/plural.ts';
import { escapeName } from '../paths/names.ts';
import { openInOrder, sizeInside } from '../protection/opened-file.ts';
import { sealedSize } from '../protection/sealed-file.ts';
import { KEYS_FILE, kindsIn, MAX_KEYS_BYTES, openKeys, type Sealed } from '../protection/sealed-keys.ts';
import { readParts, writePart } from './exported-parts.ts';
import { sealedName } from './remotes/layout.ts';
import { artifactsIn, MAX_LIST_BYTES } from './sealed-list.ts';

const LIST_NAME = sealedName(0);

/** Decrypts the files of an encrypted export into the folder of a backup, while they are unpacked. Throws what `openExported` throws for one. */
export async function unpackSealed(
  file: string,
  format: ExportFormat,
  folder: string,
  keys: KeysAtHand,
): Promise<void> {
  const envelope = await readEnvelope(file, format);
  const { list } = envelope;
  const { identity } = await openKeys(envelope.keys, keys, aboutExport(file, envelope));
  const bytes = await gather(
    openInOrder({ name: nameOf(file, LIST_NAME), size: list.length, content: [list] }, identity),
  );
  const sums = artifactsIn(bytes);
  if (sums === null || sums.length + 1 !== envelope.sizes.length)
    throw damagedExport(file, 'it holds other files than a backup has');
  await writePart(file, folder, { name: ARTIFACTS_FILE, size: bytes.length, content: [bytes] });
  const names = new Map(sums.map((sum, at) => [sealedName(at + 1), sum.path]));
  for await (const part of readParts(file, format)) {
    const name = names.get(part.name);
    if (name === undefined) continue;
    const from = { name: nameOf(file, part.name), size: part.size, content: part.content };
    await writePart(file, folder, { name, size: sizeInside(from), content: openInOrder(from, identity) });
  }
}

/** What an encrypted export shows to everybody. */
interface Envelope {
  readonly id: string;
  /** KEYS.age. */
  readonly keys: Buffer;
  /** 0.age. */
  readonly list: Buffer;
  /** Bytes of 0.age and of those that follow, in order. */
  readonly sizes: readonly number[];
}

/** Throws BACKUP_DAMAGED if a file is missing, as far as that can be known without a key. */
async function readEnvelope(file: string, format: ExportFormat): Promise<Envelope> {
  const sizes = new Map<string, number>();
  const small = new Map<string, Buffer>();
  let id = '';
  for await (const part of readParts(file, format)) {
    const { name } = part;
    id = part.id;
    if (part.kind !== 'sealed' || name === OPEN_FILE) continue;
    sizes.set(name, part.size);
    const most = name === KEYS_FILE ? MAX_KEYS_BYTES : name === LIST_NAME ? sealedSize(MAX_LIST_BYTES) : null;
    if (most === null) continue;
    if (part.size > most) throw damagedExport(file, `${name} is larger than ${most} bytes`);
    small.set(name, await gather(part.content));
  }
  const sizeOf = (name: string): number => {
    const size = sizes.get(name);
    if (size === undefined) throw damagedExport(file, `it holds no ${name}`);
    return size;
  };
  const [keys, list] = [KEYS_FILE, LIST_NAME].map((name) => small.get(name));
  if (keys === undefined || list === undefined)
    throw damagedExport(file, `it holds no ${keys === undefined ? KEYS_FILE : LIST_NAME}`);
  return { id, keys, list, sizes: Array.from({ length: sizes.size - 1 }, (_, at) => sizeOf(sealedName(at))) };
}

/** What can be known of it without a key. */
function aboutExport(file: string, { id, keys, sizes }: Envelope): Sealed {
  const files = sizes.map((bytes, at) => ({ name: sealedName(at), bytes }));
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  return {
    what: escapeName(file),
    recipients: kindsIn(keys),
    envelope: {
      said: `${id}, ${plural(files.length, 'file')} of ${plural(total, 'byte')}`,
      facts: { backupId: id, files, bytes: total },
    },
  };
}

/** As messages call it. */
function nameOf(file: string, part: string): string {
  return `${escapeName(file)}: ${part}`;
}
