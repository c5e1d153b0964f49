import { BackupError } from '../model/backup-error.ts';
import { readNamed } from '../fs/regular-file.ts';
import { decodeBase64, Malformed } from './ssh-wire.ts';
import { typeOf } from './public-key.ts';

/** A line of an allowed-signers file: who may sign with which key, for what, and when. */
export interface AllowedSigner {
  /** Names or patterns, as they are written: `alice@example.org`, `*@example.org`, `!eve@example.org`. */
  readonly principals: string;
  /** Patterns of namespaces; undefined allows all. */
  readonly namespaces: string | undefined;
  readonly validAfter: Date | undefined;
  readonly validBefore: Date | undefined;
  /** In the format of SSH. */
  readonly key: Buffer;
}

const MAX_BYTES = 16 << 20;

/** A word that may have a quoted part with spaces in it, and what follows it. */
const WORD = /^((?:[^\s"]|"[^"]*")+)[ \t]+(.*)$/;
const TIME = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/;

/** Reads an allowed-signers file of OpenSSH (ssh-keygen(1), ALLOWED SIGNERS). Throws USAGE for a line that cannot be understood: it may be meant to forbid something. */
export function readAllowedSigners(file: string): AllowedSigner[] {
  let text: string;
  try {
    text = readNamed(file, MAX_BYTES).bytes.toString('utf8');
  } catch (cause) {
    throw new BackupError('USAGE', `the allowed-signers file ${file} cannot be read`, {
      hint: 'Name a file of OpenSSH that says who may sign: --allowed-signers FILE, or allowedSigners in the config.',
      path: file,
      cause,
    });
  }
  return text.split(/\r?\n/).flatMap((line, at) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    try {
      return [parseLine(trimmed)];
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw new BackupError('USAGE', `${file}: line ${at + 1} ${error.message}`, {
        hint: 'Correct or remove that line. ssh-keygen(1) says how such a file is written.',
        path: file,
      });
    }
  });
}

function parseLine(line: string): AllowedSigner {
  const [, first = '', rest = ''] = WORD.exec(line) ?? [];
  const principals = first.replaceAll('"', '');
  if (principals === '') throw new Malformed('has no principals and key');
  const direct = keyIn(rest);
  if (direct !== null)
    return { principals, namespaces: undefined, validAfter: undefined, validBefore: undefined, key: direct };
  const [, options = '', behind = ''] = WORD.exec(rest) ?? [];
  const key = keyIn(behind);
  if (key === null) throw new Malformed('has no key that can be read');
  return { principals, ...parseOptions(options), key };
}

/** The key at the beginning of a text: type, base64, maybe a comment. Null if there is no key. */
function keyIn(text: string): Buffer | null {
  const [type = '', base64 = ''] = text.split(/[ \t]+/);
  try {
    const key = decodeBase64(base64);
    return typeOf(key) === type ? key : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function parseOptions(text: string): Omit<AllowedSigner, 'principals' | 'key'> {
  const found = new Map<string, string>();
  for (const option of text.match(/(?:[^,"]|"[^"]*")+/g) ?? []) {
    const [, name = '', value] = /^([^=]+)(?:="?([^"]*)"?)?$/.exec(option) ?? [];
    const known = name.toLowerCase();
    if (known === 'cert-authority') throw new Malformed('has cert-authority, and certificates are not supported');
    if (!['namespaces', 'valid-after', 'valid-before'].includes(known) || value === undefined || value === '')
      throw new Malformed(`has the option ${JSON.stringify(option)}, which is not known`);
    if (found.has(known)) throw new Malformed(`has ${known} twice`);
    found.set(known, value);
  }
  const [validAfter, validBefore] = [timeOf(found.get('valid-after')), timeOf(found.get('valid-before'))];
  if (validAfter !== undefined && validBefore !== undefined && validBefore <= validAfter)
    throw new Malformed('ends to be valid before it begins to be');
  return { namespaces: found.get('namespaces'), validAfter, validBefore };
}

/** `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, in local time or with Z in UTC. */
function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const match = TIME.exec(text);
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] = match ?? [];
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  // Date takes 30 February for 2 March.
  const isReal = zone === 'Z' ? time.getUTCDate() : time.getDate();
  if (match === null || Number.isNaN(time.getTime()) || isReal !== Number(day))
    throw new Malformed(`has the time ${JSON.stringify(text)}, which is not one`);
  return time;
}

/** Whether a list of patterns, with `*`, `?` and `!` before what it excludes, takes a name. As in OpenSSH one exclusion outweighs everything. */
export function matchesPatterns(name: string, patterns: string): boolean {
  let isMatch = false;
  for (const pattern of patterns.split(',')) {
    const isExcluded = pattern.startsWith('!');
    if (!matchesPattern(name, isExcluded ? pattern.slice(1) : pattern)) continue;
    if (isExcluded) return false;
    isMatch = true;
  }
  return isMatch;
}

/** Without a regular expression, because a pattern with many stars would take one forever. */
function matchesPattern(name: string, pattern: string): boolean {
  let [at, inPattern, star, from] = [0, 0, -1, 0];
  while (at < name.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern++;
      from = at;
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === name[at]) {
      at++;
      inPattern++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++from;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(inPattern));
}
