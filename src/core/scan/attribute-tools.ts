import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Attributes that Node cannot read and no backup keeps. */
export type AttributeKind = 'ACLs' | 'default ACLs' | 'extended attributes' | 'file flags';

/** What the tools of the system say about files. Paths are relative to the folder that was given. */
export interface ToolAnswer {
  readonly found: readonly { readonly path: string; readonly kind: AttributeKind }[];
  /** The rights of the owning group (0 to 7), for paths with an ACL: the mode of such a file shows the mask of the ACL instead. */
  readonly groupRights: ReadonlyMap<string, number>;
  /** Paths that nobody may rename or remove, not even root: they are immutable or append-only. */
  readonly fixed: readonly string[];
  /** The kinds whose tool is not installed or did not end in time. */
  readonly notLookedAt: AttributeKind[];
}

/** Far more than a million files take. */
const TIMEOUT_MS = 30_000;
const MOST_BYTES = 256 << 20;

/** Attributes that the system sets on every file by itself: security labels, and what an overlay writes for its own use. */
const OF_THE_SYSTEM = /^(security\.(selinux|SMACK64|apparmor|ima|evm)|trusted\.overlay\.|system\.posix_acl_)/;
/** Flags that say how a file system stores a file: extents, inline data, an index, a huge file. Nobody has set these. */
const OF_THE_FILE_SYSTEM = /[-eNIh]/g;

const RIGHTS = { r: 4, w: 2, x: 1 } as const;
/** In the bytes of an ACL (linux/posix_acl_xattr.h): four bytes of version, then tag, rights and id of each entry. */
const ACL_HEADER = 4;
const ACL_ENTRY = 8;
const OWNING_GROUP = 4;

/**
 * Asks getfattr, or getfacl if that is missing, and lsattr about everything at and below some paths in `cwd`. Each runs at most once and never
 * through a shell. Links are not followed. Never rejects. It does this on Linux only: other systems have other tools, and Windows would run a program
 * of that name that lies in `cwd`.
 * @param flags whether lsattr is asked, which opens every file
 */
export async function askTools(cwd: string, paths: readonly string[], flags: boolean): Promise<ToolAnswer> {
  const found: { path: string; kind: AttributeKind }[] = [];
  const groupRights = new Map<string, number>();
  const fixed: string[] = [];
  const notLookedAt: AttributeKind[] = [];
  if (paths.length === 0) return { found, groupRights, fixed, notLookedAt };
  const linux = process.platform === 'linux';
  const ask = (tool: string, args: readonly string[]): Promise<string | null> =>
    linux ? output(tool, [...args, '--', ...paths.map((path) => `./${path}`)], cwd) : Promise.resolve(null);
  const [attributes, flagged] = await Promise.all([
    ask('getfattr', ['-R', '-P', '-h', '--absolute-names', '-d', '-e', 'hex', '-m', '-']),
    flags ? ask('lsattr', ['-R', '-a']) : null,
  ]);
  const acls = attributes === null ? await ask('getfacl', ['-R', '-P', '-p', '-s', '-n']) : null;
  const take = (path: string, kind: AttributeKind): unknown => found.push({ path, kind });
  if (attributes !== null) readAttributes(attributes, take, groupRights);
  else notLookedAt.push(...(acls === null ? (['ACLs', 'default ACLs'] as const) : []), 'extended attributes');
  if (acls !== null) readAcls(acls, take, groupRights);
  if (flagged === null) notLookedAt.push('file flags');
  else readFlags(flagged, take, fixed);
  return { found, groupRights, fixed, notLookedAt };
}

/**
 * What a tool prints, one character for each byte. Null if it is missing or takes too long. A tool goes on after a file that it may not read, and
 * then its exit code is ignored.
 */
async function output(tool: string, args: readonly string[], cwd: string): Promise<string | null> {
  const env = { ...process.env, LC_ALL: 'C' };
  try {
    const options = { cwd, env, timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES, encoding: 'latin1' } as const;
    return (await promisify(execFile)(tool, args, options)).stdout;
  } catch (error) {
    const ended = error instanceof Error && 'code' in error && typeof error.code === 'number';
    return ended && 'stdout' in error && typeof error.stdout === 'string' ? error.stdout : null;
  }
}

type Take = (path: string, kind: AttributeKind) => void;

function readAttributes(text: string, take: Take, groupRights: Map<string, number>): void {
  for (const { path, lines } of blocksOf(text)) {
    const names = lines.map((line) => line.split('=', 1)[0] ?? line);
    if (names.includes('system.posix_acl_default')) take(path, 'default ACLs');
    if (names.some((name) => !OF_THE_SYSTEM.test(name))) take(path, 'extended attributes');
    const acl = /^system\.posix_acl_access=0x([0-9a-f]+)$/m.exec(lines.join('\n'))?.[1];
    if (acl === undefined) continue;
    take(path, 'ACLs');
    groupRights.set(path, owningGroupOf(Buffer.from(acl, 'hex')));
  }
}

/** No rights if they cannot be read, because a restore must never give more rights than there were. */
function owningGroupOf(acl: Buffer): number {
  for (let at = ACL_HEADER; at + ACL_ENTRY <= acl.length; at += ACL_ENTRY)
    if (acl.readUInt16LE(at) === OWNING_GROUP) return acl.readUInt16LE(at + 2) & 7;
  return 0;
}

function readAcls(text: string, take: Take, groupRights: Map<string, number>): void {
  for (const { path, lines } of blocksOf(text)) {
    if (lines.some((line) => line.startsWith('default:'))) take(path, 'default ACLs');
    if (!lines.some((line) => line.startsWith('mask:'))) continue;
    take(path, 'ACLs');
    const [, ...rights] = /^group::(.)(.)(.)/m.exec(lines.join('\n')) ?? [];
    const bits = rights.map((right) => (right === 'r' || right === 'w' || right === 'x' ? RIGHTS[right] : 0));
    groupRights.set(
      path,
      bits.reduce<number>((sum, bit) => sum | bit, 0),
    );
  }
}

/** lsattr prints a folder as `folder/.`, and if it is in another folder, also by its name there. */
function readFlags(text: string, take: Take, fixed: string[]): void {
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    const [, flags = '', printed = ''] = /^([-A-Za-z]{10,}) \.\/(.+)$/.exec(line) ?? [];
    const name = printed.replace(/\/\.$/, '');
    if (name === '' || /(^|\/)\.\.?$/.test(name) || flags.replaceAll(OF_THE_FILE_SYSTEM, '') === '') continue;
    if (seen.has(name)) continue;
    seen.add(name);
    take(decoded(name), 'file flags');
    if (/[ia]/.test(flags)) fixed.push(decoded(name));
  }
}

/** getfattr and getfacl print `# file: NAME`, lines about it, and an empty line. */
function* blocksOf(text: string): Generator<{ path: string; lines: string[] }> {
  for (const block of text.split('\n\n')) {
    const [head = '', ...lines] = block.split('\n');
    const name = /^# file: \.\/(.+)$/.exec(head)?.[1];
    if (name !== undefined) yield { path: decoded(name), lines };
  }
}

/** Decodes a name: the tools write some bytes as octal numbers. */
function decoded(name: string): string {
  const bytes = name.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
