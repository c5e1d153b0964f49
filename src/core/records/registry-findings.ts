import type { Finding } from '../model/finding.ts';
import type { OF_RECORDS } from '../model/finding-codes/of-records.ts';
import { plural } from '../model/plural.ts';
import { escapeName } from '../paths/names.ts';
import type { RegistryFile } from './registry.ts';

type Code = keyof (typeof OF_RECORDS)['What deployment registries record'];

const ADVICE: Readonly<Record<Code, string>> = {
  'registry-invalid': 'Correct it, or bring it back from a backup, before something reads or overwrites it.',
  'registry-not-read': 'Remove the cause if it records deployments: what it records is not counted and not compared.',
  'chain-differs': 'Find out which chain is right before a script uses these addresses.',
  'address-invalid': 'Look it up in the transaction that deployed it, or in a backup, and correct it.',
  'artifact-incomplete':
    'Compile the contract again, or bring the artifact back from a backup, before something needs it.',
  'implementation-unknown':
    'Bring the manifest back from a backup, or register the implementation (forceImport of the OpenZeppelin plugins), before the next upgrade is compared with it.',
  'journal-differs': 'Correct deployed_addresses.json: Ignition itself goes by the journal.',
  'journal-broken':
    'Look up on the chain what its transaction did before you remove the line: Ignition reads no journal that has one.',
};

const SHOWN = 3;

interface Noted {
  readonly said: string[];
  readonly evidence: unknown[];
  readonly severity: 'warning' | 'info';
}

/** Collects what is wrong with registries: one finding for each kind and file, however often a file has it. */
export class RegistryFindings {
  readonly #files: ReadonlyMap<string, RegistryFile>;
  readonly #noted = new Map<Code, Map<string, Noted>>();
  readonly #last: Finding[] = [];

  /** @param files by path */
  constructor(files: ReadonlyMap<string, RegistryFile>) {
    this.#files = files;
  }

  /**
   * @param what the rest of a sentence after the path
   * @param evidence what was seen, whole
   */
  add(code: Code, path: string, what: string, evidence?: unknown, severity: 'warning' | 'info' = 'warning'): void {
    const ofCode = this.#noted.get(code) ?? new Map<string, Noted>();
    this.#noted.set(code, ofCode);
    const noted = ofCode.get(path) ?? { said: [], evidence: [], severity };
    ofCode.set(path, noted);
    noted.said.push(what);
    if (evidence !== undefined) noted.evidence.push(evidence);
  }

  /** Files that are too big or too many: one finding for all. */
  notLookedAt(files: readonly RegistryFile[]): void {
    if (files.length === 0) return;
    const is = files.length === 1 ? 'was' : 'were';
    this.#last.push({
      code: 'registry-not-read',
      severity: 'warning',
      message: `${plural(files.length, 'file')} ${is} not looked at for deployments: too big, or more than are read`,
      affects: files.map(({ path }) => path),
      recommendation: ADVICE['registry-not-read'],
    });
  }

  all(): Finding[] {
    const found = [...this.#noted].flatMap(([code, files]) =>
      [...files].map(([path, noted]) => this.#toFinding(code, path, noted)),
    );
    return [...found, ...this.#last];
  }

  #toFinding(code: Code, path: string, { said, evidence, severity }: Noted): Finding {
    const { category, source } = this.#files.get(path) ?? {};
    const more = said.length - SHOWN;
    const message = `${escapeName(path)}: ${said.slice(0, SHOWN).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
    const about = {
      message,
      path,
      ...(category !== undefined && { category }),
      ...(source !== undefined && { source }),
      ...(evidence.length > 0 && { evidence: { all: evidence } }),
      recommendation: ADVICE[code],
    };
    if (severity === 'info') return { code: 'artifact-incomplete', severity, ...about };
    return { code, severity, ...about };
  }
}
