import { hash } from 'node:crypto';
import type { KeysAtHand } from '../model/event.ts';
import { fingerprintsOf, type Recipient } from '../protection/recipients.ts';
import { newSeal, SealedFile, type Seal } from '../protection/sealed-file.ts';
import { KEYS_FILE, newKeys } from '../protection/sealed-keys.ts';
import { sealedName } from './remotes/layout.ts';
import type { LocalFile } from './remotes/remote.ts';

/** For whom a copy or an export is encrypted. */
export interface Encryption {
  readonly recipients: readonly Recipient[];
  /** Of `recipients`, as a copy states them. */
  readonly fingerprints: readonly string[];
  /** Where a passphrase is, if it is one. */
  readonly keys: KeysAtHand;
}

export function encryptionFor(recipients: readonly Recipient[], keys: KeysAtHand): Encryption {
  return { recipients, fingerprints: fingerprintsOf(recipients), keys };
}

/** All that decides into what the files of one copy or export are sealed, and KEYS.age. */
export interface Seals {
  /** KEYS.age. */
  readonly keys: Buffer;
  /** For ARTIFACTS.sha256, then for its lines in order. */
  readonly seals: readonly Seal[];
}

/** New keys for so many files. Throws USAGE, KEY_MISSING and KEY_UNUSABLE. */
export async function newSeals(count: number, { recipients, keys }: Encryption): Promise<Seals> {
  const { recipient, sealed } = await newKeys(recipients, keys);
  const seals: Seal[] = [];
  for (let at = 0; at < count; at++) seals.push(await newSeal(recipient));
  return { keys: sealed, seals };
}

/** A file of an encrypted copy or export, made when it is its turn: it is read once for that. */
export type FileToSeal = (signal: AbortSignal | undefined) => Promise<LocalFile>;

/** KEYS.age, and these files encrypted. @param files ARTIFACTS.sha256, then its lines in order */
export function sealFiles(files: readonly LocalFile[], { keys, seals }: Seals): FileToSeal[] {
  return [
    () => Promise.resolve(bytesAsFile(KEYS_FILE, keys)),
    ...files.map(
      (one, at): FileToSeal =>
        (signal) =>
          sealOne(one, sealedName(at), seals[at], signal),
    ),
  ];
}

async function sealOne(
  plain: LocalFile,
  name: string,
  seal: Seal | undefined,
  signal: AbortSignal | undefined,
): Promise<LocalFile> {
  if (seal === undefined) throw new Error('every file has a seal');
  const sealed = await SealedFile.make(plain, seal, signal);
  return { file: plain.file, name, size: sealed.size, sha256: sealed.sha256, open: () => sealed.open() };
}

/** Bytes in memory as a file. */
export function bytesAsFile(name: string, bytes: Buffer): LocalFile {
  return {
    file: name,
    name,
    size: bytes.length,
    sha256: hash('sha256', bytes),
    open: () => ({ read: (into, at) => bytes.copy(into, 0, at), close() {} }),
  };
}
