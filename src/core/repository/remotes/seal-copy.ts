import { createHash, hash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ARTIFACTS_FILE } from '../../format/layout.ts';
import { writeFileDurable } from '../../fs/durable.ts';
import { readRegular } from '../../fs/regular-file.ts';
import { errnoOf } from '../../model/backup-error.ts';
import { z } from '../../model/zod.ts';
import { HEAD_BYTES } from '../../protection/sealed-file.ts';
import { newSeals, sealFiles, type Encryption, type FileToSeal, type Seals } from '../seal-files.ts';
import { isArtifactName, isTag } from './layout.ts';
import { machineFolder } from './machine-folder.ts';
import type { LocalFile } from './remote.ts';

export interface SealedCopy {
  readonly tag: string;
  /** KEYS.age, ARTIFACTS.sha256, then its lines in order, then the signature. */
  readonly files: readonly FileToSeal[];
}

const MAX_STATE_BYTES = 4 << 20;

/**
 * A backup as the files of an encrypted copy. Which bytes they become is decided when it is first asked for, and remembered (0600) beside other things that
 * this user's machine remembers, so that a push that was killed goes on with the same ones. What is remembered names the source: for another content, other
 * recipients or another place, all keys are new. Throws USAGE, KEY_MISSING and KEY_UNUSABLE.
 * @param place the key of the remote
 * @param files those of the backup, and its signature, which is not encrypted
 */
export async function sealCopy(
  place: string,
  id: string,
  files: readonly LocalFile[],
  encryption: Encryption,
): Promise<SealedCopy> {
  const list = files.find(({ name }) => name === ARTIFACTS_FILE);
  if (list === undefined) throw new Error('a backup has a list of artifacts');
  const { fingerprints } = encryption;
  const of = hash('sha256', JSON.stringify([place, id, list.sha256, fingerprints]));
  const file = stateFile(place, id);
  const artifacts = files.filter(({ name }) => isArtifactName(name));
  const known = file === null ? null : readState(file, of, artifacts.length);
  const state = known ?? { tag: randomBytes(16).toString('hex'), ...(await newSeals(artifacts.length, encryption)) };
  if (known === null && file !== null) writeState(file, of, state);
  const sealed = sealFiles([list, ...artifacts.filter((one) => one !== list)], state);
  const others = files.filter((one) => !artifacts.includes(one));
  return {
    tag: state.tag,
    files: [
      ...sealed,
      ...others.map(
        (one): FileToSeal =>
          () =>
            Promise.resolve(one),
      ),
    ],
  };
}

/** Ends what a later run could go on with. */
export function forgetSeals(place: string, id: string): void {
  const file = stateFile(place, id);
  if (file !== null) fs.rmSync(file, { force: true });
}

interface State extends Seals {
  readonly tag: string;
}

/** Null for a user without a home: then a push that was killed begins anew, with new keys. */
function stateFile(place: string, id: string): string | null {
  const folder = machineFolder('state');
  const name = createHash('sha256').update(`${place}\0${id}`).digest('hex').slice(0, 32);
  return folder === null ? null : path.join(folder, `sealing-${name}.json`);
}

const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));

const stateSchema = z.strictObject({
  of: z.string(),
  tag: z.string().refine(isTag),
  keys: base64,
  seals: z.array(
    z.strictObject({
      head: base64.refine(({ length }) => length === HEAD_BYTES),
      key: base64.refine(({ length }) => length === 32),
    }),
  ),
});

/** A line with the SHA-256 of the next: a bit that is wrong in a key would make a copy that nobody can open. If it cannot be written, a killed push begins anew. */
function writeState(file: string, of: string, { tag, keys, seals }: State): void {
  const body = JSON.stringify({
    of,
    tag,
    keys: keys.toString('base64'),
    seals: seals.map(({ head, key }) => ({ head: head.toString('base64'), key: key.toString('base64') })),
  });
  try {
    writeFileDurable(file, `${hash('sha256', body)}\n${body}\n`, 0o600);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

/** Null if there is none for this source, or if it cannot be used. */
function readState(file: string, of: string, count: number): State | null {
  try {
    const [sum, body = ''] = readRegular(file, MAX_STATE_BYTES).toString('utf8').split('\n');
    if (sum !== hash('sha256', body)) return null;
    const state = stateSchema.parse(JSON.parse(body));
    return state.of === of && state.seals.length === count ? state : null;
  } catch {
    return null;
  }
}
