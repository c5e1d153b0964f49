import { createHash } from 'node:crypto';
import path from 'node:path';
import { writeFileSynced } from '../../fs/durable.ts';
import { readRegular } from '../../fs/regular-file.ts';
import { machineFolder } from './machine-folder.ts';

/** Some 50,000 copies. A larger file is not kept, so that `list` and `status` stay fast. */
const MAX_BYTES = 8 << 20;

/** A copy as a remote listed it. */
export interface ListedCopy {
  readonly id: string;
  readonly tag: string;
  /** By the clock of the remote. */
  readonly pushedAt: Date;
  readonly statement: {
    readonly lock: { readonly until: string } | null;
    readonly encryption: { readonly content: string } | null;
  };
}

/** What a remote said of one copy. */
interface SeenCopy {
  /** By the clock of the remote. ISO 8601, UTC. */
  readonly pushedAt: string;
  readonly lockedUntil: string | null;
  /** Of an encrypted copy: names its content for who has the backup. */
  readonly content: string | null;
}

/** The copies of one backup when a remote was asked for them last. */
export interface Look {
  /** By the clock of this machine. ISO 8601, UTC. */
  readonly at: string;
  /** By tag. */
  readonly copies: ReadonlyMap<string, SeenCopy>;
}

/** What a remote listed when this user asked it last on this machine. All repositories that push there share it. */
export interface SeenPlace {
  /** When the whole list was read; null if it never was. */
  readonly listedAt: string | null;
  /** By backup. */
  readonly looks: ReadonlyMap<string, Look>;
}

/** What is remembered of a remote. Nothing if it was never asked, or if that cannot be read. */
export function readSeen(place: string): SeenPlace {
  const file = fileOf(place);
  try {
    return file === null ? fromJson({}) : fromJson(JSON.parse(readRegular(file, MAX_BYTES).toString('utf8')));
  } catch {
    return fromJson({});
  }
}

/** The newest answer about a backup, also if that was that there is no copy; null if the remote was not asked yet. */
export function lookFor({ listedAt, looks }: SeenPlace, backupId: string): Look | null {
  return looks.get(backupId) ?? (listedAt === null ? null : { at: listedAt, copies: new Map() });
}

/**
 * Remembers what a remote listed. No command fails because this cannot be written.
 * @param asked when the listing began: it may lack what was pushed meanwhile
 * @param id of the backup, if only its copies were listed
 */
export function rememberSeen(place: string, copies: readonly ListedCopy[], asked: Date, id?: string): void {
  const file = fileOf(place);
  if (file === null) return;
  const before = readSeen(place);
  const at = asked.toISOString();
  const listedAt = id === undefined ? at : before.listedAt;
  const looks = new Map(id === undefined ? [] : [...before.looks, [id, { at, copies: new Map() }]]);
  for (const [backupId, same] of Map.groupBy(copies, (copy) => copy.id))
    looks.set(backupId, { at, copies: new Map(same.map((copy) => [copy.tag, describe(copy)])) });
  const text = JSON.stringify({ place, ...toJson({ listedAt, looks }) });
  if (text.length > MAX_BYTES) return;
  try {
    writeFileSynced(file, `${text}\n`);
  } catch {
    // Then the copies were seen when it was written last.
  }
}

function describe({ pushedAt, statement: { lock, encryption } }: ListedCopy): SeenCopy {
  return {
    pushedAt: pushedAt.toISOString(),
    lockedUntil: lock?.until ?? null,
    content: encryption?.content ?? null,
  };
}

function fileOf(place: string): string | null {
  const folder = machineFolder('state');
  const name = createHash('sha256').update(place).digest('hex').slice(0, 32);
  return folder === null ? null : path.join(folder, `seen-${name}.json`);
}

/** A row for each backup: its id, when it was looked for, and for each copy the tag, when it was pushed, the end of its lock, and the content of an encrypted one. */
function toJson({ listedAt, looks }: SeenPlace): object {
  const rows = [...looks].map(([id, { at, copies }]) => [
    id,
    at,
    [...copies].map(([tag, { pushedAt, lockedUntil, content }]) =>
      [tag, pushedAt, lockedUntil].concat(content === null ? [] : [content]),
    ),
  ]);
  return { listedAt, backups: rows };
}

function fromJson({ listedAt, backups }: { readonly listedAt?: unknown; readonly backups?: unknown }): SeenPlace {
  const looks = new Map<string, Look>();
  for (const row of rowsIn(backups)) {
    const [id, at, copies] = row;
    if (typeof id !== 'string' || !isTime(at)) continue;
    const found = rowsIn(copies).flatMap(([tag, pushedAt, lockedUntil, content]): [string, SeenCopy][] =>
      typeof tag === 'string' && isTime(pushedAt)
        ? [
            [
              tag,
              {
                pushedAt,
                lockedUntil: isTime(lockedUntil) ? lockedUntil : null,
                content: typeof content === 'string' ? content : null,
              },
            ],
          ]
        : [],
    );
    looks.set(id, { at, copies: new Map(found) });
  }
  return { listedAt: isTime(listedAt) ? listedAt : null, looks };
}

function rowsIn(value: unknown): unknown[][] {
  return Array.isArray(value) ? value.filter((row): row is unknown[] => Array.isArray(row)) : [];
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]{5,}Z$/;

function isTime(value: unknown): value is string {
  return typeof value === 'string' && TIME.test(value);
}
