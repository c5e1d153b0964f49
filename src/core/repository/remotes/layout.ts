import { hash } from 'node:crypto';
import { parseId } from '../../format/id.ts';
import {
  ARTIFACTS_FILE,
  INDEX_FILE,
  MANIFEST_FILE,
  PROCEDURES_FILE,
  SIGNATURE_SUFFIX,
  SUMS_FILE,
} from '../../format/layout.ts';

/** Names of a remote, below its prefix. */
const DATA = 'v1/data';
const COMMITS = 'v1/commits';
/** Where `remote check` tries things. */
export const CHECKS_PREFIX = 'v1/checks/';
/** Written by `remote init` into a folder, so that a disk that is not mounted is not an empty remote. */
export const REMOTE_FILE = 'migbackup-remote.json';

/** The first 32 hex digits of the SHA-256 of ARTIFACTS.sha256, or 32 random ones of an encrypted copy: two different contents never have one. */
const TAG = /^[0-9a-f]{32}$/;

export function isTag(text: string): boolean {
  return TAG.test(text);
}

export const COMMITS_PREFIX = `${COMMITS}/`;

export const DATA_PREFIX = `${DATA}/`;

/** Where the objects of a copy lie; with an empty tag, those of all copies of this backup. */
export function dataPrefix(id: string, tag = ''): string {
  return tag === '' ? `${DATA}/${id}/` : `${DATA}/${id}/${tag}/`;
}

export function dataKey(id: string, tag: string, artifact: string): string {
  return `${dataPrefix(id, tag)}${artifact}`;
}

export function commitsPrefix(id: string): string {
  return `${COMMITS}/${id}/`;
}

export function commitKey(id: string, tag: string): string {
  return `${commitsPrefix(id)}${tag}.json`;
}

/** The backup and the tag in the key of a commit; null for any other key. */
export function parseCommitKey(key: string): { id: string; tag: string } | null {
  if (!key.startsWith(COMMITS_PREFIX)) return null;
  const [id = '', name = '', ...more] = key.slice(COMMITS_PREFIX.length).split('/');
  const tag = name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
  return more.length === 0 && parseId(id) !== null && isTag(tag) ? { id, tag } : null;
}

/** The backup and the tag in the key of an object of a copy; null for any other key. */
export function parseDataKey(key: string): { id: string; tag: string } | null {
  if (!key.startsWith(DATA_PREFIX)) return null;
  const [id = '', tag = '', ...rest] = key.slice(DATA_PREFIX.length).split('/');
  return parseId(id) !== null && isTag(tag) && rest.length > 0 ? { id, tag } : null;
}

/** The object that is the signature of a backup, and no artifact. */
export function signatureName(id: string): string {
  return id + SIGNATURE_SUFFIX;
}

/**
 * Where an object of a copy lies. The list of artifacts, and so the tag, does not name the signature: its own hash is in its key, so that two pushers never
 * want one key for two signatures.
 */
export function objectKey(id: string, tag: string, { name, sha256 }: { name: string; sha256: string }): string {
  return dataKey(id, tag, name === signatureName(id) ? `${id}.${sha256.slice(0, 16)}${SIGNATURE_SUFFIX}` : name);
}

const FIXED_NAMES = new Set([MANIFEST_FILE, INDEX_FILE, PROCEDURES_FILE, SUMS_FILE, ARTIFACTS_FILE]);
const ARCHIVE_NAME = /^[a-z0-9][a-z0-9-]{0,62}\.tar(\.zst)?$/;

/** The names that every backup has. */
export const REQUIRED_NAMES: readonly string[] = [...FIXED_NAMES];

/** An object of an encrypted copy: 0 is ARTIFACTS.sha256, and its lines follow in order. */
export function sealedName(number: number): string {
  return `${number}.age`;
}

/** Of an encrypted copy: its key, sealed for other keys than when it was pushed. No commit names these objects. */
export const RESEALED_PREFIX = 'KEYS-';

/** @param fingerprints of those for whom it is sealed, sorted */
export function resealedName(fingerprints: readonly string[]): string {
  return `${RESEALED_PREFIX}${hash('sha256', fingerprints.join(' ')).slice(0, 32)}.age`;
}

/** Whether a file of a backup is an archive, by its name. */
export function isArchiveName(name: string): boolean {
  return ARCHIVE_NAME.test(name);
}

/** Whether a file of a backup can have this name. */
export function isArtifactName(name: string): boolean {
  return FIXED_NAMES.has(name) || isArchiveName(name);
}
