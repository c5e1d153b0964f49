import { hash } from 'node:crypto';
import path from 'node:path';
import { writeFileDurable } from '../../fs/durable.ts';
import { readRegular } from '../../fs/regular-file.ts';
import { machineFolder } from './machine-folder.ts';
import type { RemoteChoice } from './open-remote.ts';

const MAX_BYTES = 1 << 20;

/** What a person agreed to: where the bytes go, who can read them there, and a lock that cannot be taken back. A config that changes one of them is asked about again. */
function agreementOf({ key, settings: { lock, encryptTo } }: RemoteChoice): string {
  const readers = encryptTo === undefined ? [] : [hash('sha256', encryptTo.toSorted().join('\n'))];
  return JSON.stringify([key, lock?.mode === 'compliance' ? lock.days : 0, ...readers]);
}

function file(): string | null {
  const folder = machineFolder('state');
  return folder === null ? null : path.join(folder, 'remotes.json');
}

interface Remembered {
  readonly places: readonly string[];
  /** Places that kept no lock when `remote check` tried. */
  readonly withoutLocks: readonly string[];
}

function remembered(): Remembered {
  const at = file();
  const none = { places: [], withoutLocks: [] };
  if (at === null) return none;
  try {
    const read: { places?: unknown; withoutLocks?: unknown } = JSON.parse(readRegular(at, MAX_BYTES).toString('utf8'));
    return { places: textsIn(read.places), withoutLocks: textsIn(read.withoutLocks) };
  } catch {
    return none;
  }
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}

/** What cannot be written is asked or tried again. */
function remember(change: Partial<Remembered>): void {
  const at = file();
  if (at === null) return;
  try {
    writeFileDurable(at, `${JSON.stringify({ ...remembered(), ...change }, null, 2)}\n`);
  } catch {
    // The next push asks again.
  }
}

/** Remembers what `remote check` saw of locks there. */
export function rememberLocks(choice: RemoteChoice, kept: boolean): void {
  const others = remembered().withoutLocks.filter((place) => place !== choice.key);
  remember({ withoutLocks: kept ? others : [...others, choice.key] });
}

/** Whether this place kept no lock when `remote check` last tried one on this machine. */
export function keptNoLock(choice: RemoteChoice): boolean {
  return remembered().withoutLocks.includes(choice.key);
}

/** Whether this user agreed on this machine that backups go there. A URL that a person typed needs no agreement. */
export function isKnownPlace(choice: RemoteChoice): boolean {
  return choice.isTyped || remembered().places.includes(agreementOf(choice));
}

/** Remembers it, if this user has a place for that; otherwise the next push asks again. */
export function rememberPlace(choice: RemoteChoice): void {
  if (choice.isTyped) return;
  remember({ places: [...new Set([...remembered().places, agreementOf(choice)])] });
}
