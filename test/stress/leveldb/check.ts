import { ClassicLevel } from 'classic-level';
import { idOf, SEQUENCE_KEY, valueOf, type Model } from './model.ts';

/** `exact`: the copy is the state after batch `batch`. */
export interface Verdict {
  readonly kind: 'exact' | 'unreadable' | 'torn';
  readonly batch: number;
  readonly why: string;
}

/** Opens a copy with LevelDB (never a source) and decides whether it is exactly the state after some batch. */
export async function checkCopy(dir: string, model: Model): Promise<Verdict> {
  const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
  const db = new ClassicLevel<Buffer, Buffer>(dir, { ...encodings, createIfMissing: false });
  try {
    await db.open();
    const sequence: Buffer | undefined = await db.get(SEQUENCE_KEY);
    const batch = sequence === undefined ? 0 : Number(sequence.readBigUInt64LE());
    model.goTo(batch);
    const why = await firstDifference(db, model);
    return { kind: why === '' ? 'exact' : 'torn', batch, why };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { kind: 'unreadable', batch: -1, why: String(cause) };
  } finally {
    await db.close();
  }
}

async function firstDifference(db: ClassicLevel<Buffer, Buffer>, model: Model): Promise<string> {
  const seen = new Uint8Array(model.keys);
  for await (const [key, value] of db.iterator()) {
    if (key.equals(SEQUENCE_KEY)) continue;
    const id = idOf(key);
    const expected = model.last[id] ?? 0;
    seen[id] = 1;
    if (expected === 0) return `key ${id} is there and should be deleted`;
    if (!value.equals(valueOf(id, expected))) return `key ${id} is not as batch ${expected} wrote it`;
  }
  const missing = model.last.findIndex((batch, id) => batch > 0 && seen[id] === 0);
  return missing < 0 ? '' : `key ${missing} is missing`;
}
