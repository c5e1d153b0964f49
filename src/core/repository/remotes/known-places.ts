import path from 'node:path';
import { writeFileDurable } from '../../fs/durable.ts';
import { readRegular } from '../../fs/regular-file.ts';
import { machineFolder } from './machine-folder.ts';
import type { RemoteChoice } from './open-remote.ts';

const MAX_BYTES = 1 << 20;

/** What a person agreed to: where the bytes go, and a lock that cannot be taken back. A config that changes one of them is asked about again. */
function agreementOf({ place, settings: { endpoint = '', lock } }: RemoteChoice): string {
  return JSON.stringify([place, endpoint, lock?.mode === 'compliance' ? lock.days : 0]);
}

function file(): string | null {
  const folder = machineFolder('state');
  return folder === null ? null : path.join(folder, 'remotes.json');
}

function agreed(): string[] {
  const at = file();
  if (at === null) return [];
  try {
    const { places }: { places?: unknown } = JSON.parse(readRegular(at, MAX_BYTES).toString('utf8'));
    return Array.isArray(places) ? places.filter((place) => typeof place === 'string') : [];
  } catch {
    return [];
  }
}

/** Whether this user agreed on this machine that backups go there. A URL that a person typed needs no agreement. */
export function isKnownPlace(choice: RemoteChoice): boolean {
  return choice.isTyped || agreed().includes(agreementOf(choice));
}

/** Remembers it, if this user has a place for that; otherwise the next push asks again. */
export function rememberPlace(choice: RemoteChoice): void {
  const at = file();
  if (at === null || choice.isTyped) return;
  const places = [...new Set([...agreed(), agreementOf(choice)])];
  try {
    writeFileDurable(at, `${JSON.stringify({ places }, null, 2)}\n`);
  } catch {
    // The next push asks again.
  }
}
