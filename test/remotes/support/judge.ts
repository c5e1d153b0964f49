/** What a remote really holds, by the bytes and without any code of the program. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { everything, owner } from './bucket.ts';

interface Statement {
  readonly id: string;
  readonly tag: string;
  readonly objects: readonly { readonly name: string; readonly sha256: string; readonly versionId: string | null }[];
}

/** Where copies are, whatever the kind of the place. */
export interface Place {
  /** Each commit by the oldest version of its key. */
  commits(): Promise<readonly { readonly key: string; readonly bytes: Buffer; readonly versionId: string | null }[]>;
  bytesOf(key: string, versionId: string | null): Promise<Buffer>;
  /** Undefined where the place has no locks. */
  lockedUntil?(key: string, versionId: string | null): Promise<Date | null>;
}

/** @param versionId null means the newest */
async function bytesOf(bucket: string, key: string, versionId: string | null): Promise<Buffer> {
  const got = await owner.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId ?? undefined }));
  return Buffer.from((await got.Body?.transformToByteArray()) ?? []);
}

/** Until when nobody may delete a version; null if it is not locked. */
async function lockedUntil(bucket: string, key: string, versionId: string | null): Promise<Date | null> {
  const head = await owner.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId ?? undefined }));
  return head.ObjectLockMode === undefined ? null : (head.ObjectLockRetainUntilDate ?? null);
}

export function placeInBucket(bucket: string, prefix: string): Place {
  const below = prefix === '' ? '' : `${prefix}/`;
  return {
    async commits() {
      const { versions } = await everything(bucket, `${below}v1/commits/`);
      const oldest = new Map(versions.map((version) => [version.Key ?? '', version.VersionId ?? null]));
      return Promise.all(
        [...oldest].map(async ([key, versionId]) => ({
          key: key.slice(below.length),
          versionId,
          bytes: await bytesOf(bucket, key, versionId),
        })),
      );
    },
    bytesOf: (key, versionId) => bytesOf(bucket, below + key, versionId),
    lockedUntil: (key, versionId) => lockedUntil(bucket, below + key, versionId),
  };
}

export function placeInFolder(folder: string): Place {
  return {
    async commits() {
      const below = path.join(folder, 'v1/commits');
      let names: string[] = [];
      try {
        names = readdirSync(below, { recursive: true }).map(String);
      } catch {
        // Nothing was pushed.
      }
      return names
        .filter((name) => /^[^/]+\/[0-9a-f]{32}\.json$/.test(name))
        .map((name) => ({ key: `v1/commits/${name}`, versionId: null, bytes: readFileSync(path.join(below, name)) }));
    },
    bytesOf: async (key) => readFileSync(path.join(folder, key)),
  };
}

/** Every file of a backup by its name. */
export function filesOf(backup: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(backup, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    names.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [path.relative(backup, file), readFileSync(file)];
    }),
  );
}

/** The tag of a backup that is not encrypted. */
export function tagOf(backup: string): string {
  const list = readFileSync(path.join(backup, 'checksums/ARTIFACTS.sha256'));
  return createHash('sha256').update(list).digest('hex').slice(0, 32);
}

export interface Verdict {
  /** `id/tag` of each copy that exists. */
  readonly copies: readonly string[];
  /** Each copy that exists must hold every byte of its backup. */
  readonly wrong: readonly string[];
}

/**
 * @param backups the folders that may have been pushed
 * @param lockedBy undefined if copies need no lock, else the time until which every object of one has to be locked at least
 */
export async function judge(place: Place, backups: readonly string[], lockedBy?: Date): Promise<Verdict> {
  const wrong: string[] = [];
  const copies: string[] = [];
  const known = new Map(backups.map((folder) => [`${path.basename(folder)}/${tagOf(folder)}`, folder]));
  for (const { key, bytes, versionId } of await place.commits()) {
    const name = key.slice('v1/commits/'.length, -'.json'.length);
    copies.push(name);
    const folder = known.get(name);
    if (folder === undefined) {
      wrong.push(`${name} was never pushed`);
      continue;
    }
    const commit: { statement: string } = JSON.parse(bytes.toString());
    const statement: Statement = JSON.parse(commit.statement);
    if (`${statement.id}/${statement.tag}` !== name)
      wrong.push(`${name} says that it is ${statement.id}/${statement.tag}`);
    const files = filesOf(folder);
    const stated = statement.objects.map((object) => object.name);
    if (stated.toSorted().join() !== [...files.keys()].toSorted().join())
      wrong.push(`${name} holds ${stated.join(', ')}`);
    const parts = [{ key, versionId, content: bytes }];
    for (const object of statement.objects) {
      const at = `v1/data/${name}/${object.name}`;
      parts.push({ key: at, versionId: object.versionId, content: files.get(object.name) ?? Buffer.alloc(0) });
    }
    for (const part of parts) {
      const there = await place.bytesOf(part.key, part.versionId).catch((error: unknown) => String(error));
      if (typeof there === 'string' || !there.equals(part.content))
        wrong.push(`${part.key}: ${typeof there === 'string' ? there : 'other bytes'}`);
      if (lockedBy === undefined) continue;
      const until = await place.lockedUntil?.(part.key, part.versionId);
      if (!until || until < lockedBy) wrong.push(`${part.key} is locked until ${until?.toISOString() ?? 'never'}`);
    }
  }
  return { copies: copies.toSorted(), wrong };
}
