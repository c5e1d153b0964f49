import { createHash, createHmac } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import zlib from 'node:zlib';
import { parseId } from '../../format/id.ts';
import { ARTIFACTS_FILE, MANIFEST_FILE, MAX_SIGNATURE_BYTES } from '../../format/layout.ts';
import { formatSum } from '../../format/sums.ts';
import { ambiguity } from '../../fs/json-ambiguity.ts';
import { copyCommitSchema, copyStatementSchema, type CopyObject, type CopyStatement } from '../../model/copy-commit.ts';
import { isArtifactName, REQUIRED_NAMES, sealedName, signatureName } from './layout.ts';
import { KEYS_FILE } from '../../protection/sealed-keys.ts';

/** Far more than 1,000 objects need. */
export const MAX_COMMIT_BYTES = 4 << 20;

/** A manifest that is larger is not repeated in the commit. */
const MAX_MANIFEST_BYTES = 1 << 20;

/** What a commit object says. */
export interface Commit {
  readonly statement: CopyStatement;
  /** The manifest as a zstd frame, for `unpackManifest`: many commits are held at once. Null if only its object has it. */
  readonly manifest: Buffer | null;
  /** Signatures of the statement, and its text, which they are of; undefined if it has none. Nothing is proven by reading them. */
  readonly signed?: { readonly text: string; readonly signatures: readonly string[] };
}

/**
 * The text of a commit object.
 * @param manifest the bytes of the manifest, which is repeated in it unless it is large or the copy is encrypted
 * @param signatures of the statement as JSON
 */
export function formatCommit(statement: CopyStatement, manifest: Buffer, signatures: readonly string[] = []): Buffer {
  const isRepeated = statement.encryption === null && manifest.length <= MAX_MANIFEST_BYTES;
  const repeated = isRepeated ? zlib.zstdCompressSync(manifest).toString('base64') : null;
  const commit = { statement: JSON.stringify(statement), manifest: repeated, signatures };
  return Buffer.from(`${JSON.stringify(commit)}\n`);
}

/** The list of artifacts that these objects were stored from, byte for byte. */
export function artifactList(objects: readonly CopyObject[]): string {
  return objects
    .filter(({ name }) => name !== ARTIFACTS_FILE && isArtifactName(name))
    .map(({ name, sha256 }) => formatSum(sha256, name))
    .join('');
}

/** The objects that are files of the backup. */
export function artifactsOf({ objects }: CopyStatement): CopyObject[] {
  return objects.filter(({ name }) => isArtifactName(name));
}

/** The object that is the signature of the backup, if it was signed when it was pushed. */
export function signatureOf({ id, objects }: CopyStatement): CopyObject | undefined {
  return objects.find(({ name }) => name === signatureName(id));
}

/** The tag of a copy that is not encrypted. */
export function tagOf(artifactsSha256: string): string {
  return artifactsSha256.slice(0, 32);
}

/** Names the content of an encrypted copy for those who have the backup, and tells others nothing. */
export function contentOf(tag: string, artifactsSha256: string): string {
  return createHmac('sha256', tag).update(artifactsSha256).digest('hex').slice(0, 32);
}

/** Whether a copy has the content of the backup whose list of artifacts has this SHA-256. */
export function isCopyOf(
  { tag, encryption }: { readonly tag: string; readonly encryption: { readonly content: string } | null },
  artifactsSha256: string,
): boolean {
  return encryption === null ? tag === tagOf(artifactsSha256) : encryption.content === contentOf(tag, artifactsSha256);
}

/**
 * What a commit states, or why it is refused, as the rest of a sentence about it. The names, the hashes and the tag prove each other: the objects as lines of
 * ARTIFACTS.sha256 must have the hash that begins with the tag, and the manifest that of its object.
 * @param expected what its key says
 */
export function parseCommit(bytes: Buffer, expected: { id: string; tag: string }): Commit | string {
  if (bytes.length > MAX_COMMIT_BYTES) return `is larger than ${MAX_COMMIT_BYTES} bytes`;
  const outer = parseStrictly(bytes, copyCommitSchema);
  if (typeof outer === 'string') return outer;
  const isOfNewer = /^\{"format":(?!1,)\d+,/.test(outer.statement);
  if (isOfNewer) return 'has a format that only a newer migbackup can read';
  const statement = parseStrictly(Buffer.from(outer.statement), copyStatementSchema);
  if (typeof statement === 'string') return `states something that is not valid: it ${statement}`;
  const wrong = contradiction(statement, expected);
  if (wrong !== null) return wrong;
  if (statement.encryption !== null && outer.manifest !== null) return 'shows the manifest of an encrypted copy';
  const { statement: text, signatures } = outer;
  const signed = signatures.length === 0 ? {} : { signed: { text, signatures } };
  if (outer.manifest === null) return { statement, manifest: null, ...signed };
  const manifest = Buffer.from(outer.manifest, 'base64');
  const unpacked = unpackManifest(manifest);
  const own = statement.objects.find(({ name }) => name === MANIFEST_FILE);
  if (unpacked === null || sha256Of(unpacked) !== own?.sha256) return 'repeats another manifest than that of the copy';
  return { statement, manifest, ...signed };
}

/** The bytes of a manifest. Null if this is no zstd frame, or one of more than a manifest that a commit repeats. */
export function unpackManifest(frame: Buffer): Buffer | null {
  try {
    return zlib.zstdDecompressSync(frame, { maxOutputLength: MAX_MANIFEST_BYTES });
  } catch {
    return null;
  }
}

function sha256Of(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } };
}
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function parseStrictly<T>(bytes: Buffer, schema: Schema<T>): T | string {
  if (!isUtf8(bytes)) return 'is not UTF-8';
  const text = bytes.toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  const twofold = ambiguity(text, parsed);
  if (twofold !== null) return `is ambiguous: ${twofold}`;
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return `has a wrong ${issue?.path.map(String).join('.') || 'shape'}: ${issue?.message ?? ''}`;
}

/** What a statement says against its key or against itself; null if nothing. */
function contradiction(statement: CopyStatement, expected: { id: string; tag: string }): string | null {
  const { id, kind, createdAt, objects } = statement;
  if (id !== expected.id) return 'states the id of another backup';
  if (statement.tag !== expected.tag) return 'states another tag than its name';
  const parsed = parseId(id);
  if (parsed?.kind !== kind) return `states the kind ${kind}, which its id does not`;
  if (parsed.time.toISOString() !== new Date(createdAt).toISOString()) return 'states another time than its id';
  if ((signatureOf(statement)?.size ?? 0) > MAX_SIGNATURE_BYTES) return 'names a signature that is too large to be one';
  if (objects.some(({ size, partSize }) => partSize !== null && partSize < size / 10_000))
    return 'states more parts than an upload can have';
  return statement.encryption === null ? plainContradiction(statement) : sealedContradiction(statement);
}

/** All that can be known of the names in an encrypted copy is that they are numbers. */
function sealedContradiction({ id, objects }: CopyStatement): string | null {
  const isSigned = objects.at(-1)?.name === signatureName(id);
  const isOne = objects
    .slice(0, isSigned ? -1 : undefined)
    .every(({ name }, at) => name === (at === 0 ? KEYS_FILE : sealedName(at - 1)));
  return isOne ? null : 'names other objects than an encrypted copy has';
}

function plainContradiction({ id, objects, tag }: CopyStatement): string | null {
  const names = objects.map(({ name }) => name);
  const odd = names.find((name) => !isArtifactName(name) && name !== signatureName(id));
  if (odd !== undefined) return 'names an object that no backup has';
  if (new Set(names).size !== names.length) return 'names an object twice';
  const missing = REQUIRED_NAMES.find((name) => !names.includes(name));
  if (missing !== undefined) return `does not name ${missing}`;
  const list = Buffer.from(artifactList(objects));
  const sha256 = sha256Of(list);
  const own = objects.find(({ name }) => name === ARTIFACTS_FILE);
  if (own?.sha256 !== sha256 || own.size !== list.length || tagOf(sha256) !== tag)
    return `names objects that are not those of its ${ARTIFACTS_FILE}`;
  return null;
}
