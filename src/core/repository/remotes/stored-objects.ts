import { atOnce } from '../../concurrency/at-once.ts';
import type { CopyObject } from '../../model/copy-commit.ts';
import type { Finding } from '../../model/finding.ts';
import { refOf } from './copy-objects.ts';
import { commitKey } from './layout.ts';
import { lockOf, type Copy } from './list-copies.ts';
import { holdsLock, type Head, type Lock, type Remote } from './remote.ts';

const AT_ONCE = 8;

/**
 * Compares what a remote says of each object of a copy, and of its commit, with what the commit states: size, ETag, checksum, lock. Nothing is read, so this
 * shows what the remote says that it has, and not the bytes.
 * @param onObject told of each object that the remote describes as its commit does
 * @returns a finding for each that is missing, another one, or not locked
 */
export async function compareStored(
  remote: Remote,
  copy: Copy,
  onObject: (object: CopyObject, head: Head) => Promise<Finding[]> = () => Promise.resolve([]),
): Promise<Finding[]> {
  const { objects } = copy.statement;
  const lock = lockOf(copy);
  const found = new Map<string, Finding[]>();
  await atOnce(AT_ONCE, objects, async (object) => {
    const head = await remote.head(refOf(copy, object).key, object.versionId);
    const what = head === null ? 'is missing' : differs(object, head);
    if (head === null || what !== null) found.set(object.name, [altered(object.name, what ?? '')]);
    else found.set(object.name, [...notLocked(object.name, head, lock), ...(await onObject(object, head))]);
  });
  const findings = objects.flatMap(({ name }) => found.get(name) ?? []);
  if (lock === null) return findings;
  const key = commitKey(copy.id, copy.tag);
  return [...findings, ...notLocked(key, await remote.head(key, copy.versionId), lock)];
}

function differs({ size, etag, checksum }: CopyObject, head: Head): string | null {
  if (head.size !== size) return `has ${head.size} bytes instead of ${size}`;
  if (head.etag !== null && etag !== null && head.etag !== etag) return 'is another object: its ETag differs';
  if (head.checksum !== null && checksum !== null && head.checksum !== checksum)
    return 'is another object: its checksum differs';
  return null;
}

function notLocked(name: string, head: Head | null, lock: Lock | null): Finding[] {
  if (lock === null || holdsLock(head?.lock ?? null, lock)) return [];
  const message = `${name} has no lock of ${lock.mode} until ${lock.until.toISOString()}`;
  const recommendation = 'Find out who took it away, and push the backup again: that locks it anew.';
  return [{ code: 'copy-not-locked', severity: 'error', message, path: name, recommendation }];
}

/** An object that is not the one that was pushed. @param what the rest of a sentence about it */
export function altered(name: string, what: string): Finding {
  return {
    code: 'copy-altered',
    severity: 'error',
    message: `${name} ${what}`,
    path: name,
    recommendation: 'Use another copy, and push the backup again from where it is whole.',
  };
}
