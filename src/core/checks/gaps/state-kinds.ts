import fs from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { PRESETS } from '../../config/presets/all-presets.ts';
import { anyOf } from '../../paths/any-of.ts';
import { STATE_FOLDER } from '../../paths/paths.ts';

/** Folders that are never searched: dependencies and version control. */
const FOREIGN = new Set(
  ['node_modules', 'bower_components', 'site-packages', '.yarn', '.pnpm-store'].concat([
    '.git',
    '.hg',
    '.svn',
    '.jj',
    STATE_FOLDER,
  ]),
);

/** Folders of build output, caches and vendored code, which can be made again, whatever their files are called. A database in them still counts. */
const REBUILT = new Set(PRESETS.flatMap(({ rebuilt = [] }) => rebuilt.map(({ folder }) => folder)));

/** Folders with the inputs of tests. What is in them is source code. */
const TESTS =
  /^[._]*(?:(?:unit|integration|e2e)[-_]?)?(?:tests?|specs?|e2e|fixtures?|mocks?|test[-_]?data)[._]*$|[-_](?:fixtures?|mocks?)$|^tests?[-_]/i;

/** Names of JSON files that are known to be something else. */
const NO_REGISTRY =
  /^(?:package(?:-lock)?|npm-shrinkwrap|composer|tsconfig.*|jsconfig.*|lerna|nx|project|turbo|angular|vercel|manifest|.*\.(?:abi|dbg|schema|tokenlist|test|spec)|\..*rc)\.json$/i;
/** Folders whose JSON is code, compiler output or settings. */
const NO_REGISTRIES = new Set([
  'abi',
  'abis',
  'solcInputs',
  'build-info',
  '.vscode',
  '.github',
  'schemas',
  'locales',
  'i18n',
]);

/** Whether a folder of this name is never searched. */
export function isForeignFolder(name: string): boolean {
  return FOREIGN.has(name);
}

/**
 * Whether a folder of this name holds what can be made again.
 * @param beside what else is in the folder above, if that is known: `lib` is vendored code only where Foundry puts it
 */
export function isRebuiltFolder(name: string, beside?: ReadonlySet<string>): boolean {
  return REBUILT.has(name) && (name !== 'lib' || beside?.has('foundry.toml') !== false);
}

/** Whether a folder of this name holds what tests read. */
export function isTestFolder(name: string): boolean {
  return TESTS.test(name);
}

/** A kind of state that presets recognise by its name. */
export interface NamedKind {
  /** What is there, as a message names it. */
  readonly what: string;
  readonly category: string;
  readonly external: boolean;
  /** Whether no backup takes it unless the config says so. */
  readonly isSecret: boolean;
  /** Whether there is no other way to what it gives access to: the key pair of a program, for example. */
  readonly isKey: boolean;
  /** Whether the name of the file alone says so, and not that of a folder. Then its content may say otherwise. */
  readonly isByFile: boolean;
  /** Whether files that have nothing to do with it have such a name, too: `registry.json`, for example. */
  readonly isCommon: boolean;
  readonly glob: string;
}

interface Compiled extends NamedKind {
  readonly holds: (folder: string) => boolean;
  readonly fits: (name: string) => boolean;
  /** The part of the glob that `fits` tests. */
  readonly last: string;
  /** Whether it is state also where everything else can be made again. */
  readonly countsInRebuilt: boolean;
}

const OPTIONS = { dot: true, nocase: true } as const;

/** Whether a part of a glob is the name of a folder that can be made again. */
function isOfRebuilt(part: string): boolean {
  if (/^\*+$/.test(part)) return false;
  if (/^[\w.-]+$/.test(part)) return REBUILT.has(part);
  const matches = picomatch(part, OPTIONS);
  return [...REBUILT].some((name) => matches(name));
}

let compiled: readonly Compiled[] | undefined;

/** Kinds of the presets, those of state before those that are secret by their name alone. */
function kinds(): readonly Compiled[] {
  compiled ??= [
    ...PRESETS.flatMap(({ places }) =>
      places.flatMap((place) =>
        (place.named ?? []).map((glob) => ({ ...place, glob, isKey: place.category === 'keys' })),
      ),
    ).map(({ glob, what, category, external = false, isKey }) =>
      compile({ glob, what, category, external, isKey, isSecret: isKey }),
    ),
    ...PRESETS.flatMap(({ secrets = [] }) => secrets).map(({ pattern, holds }) =>
      compile({ glob: pattern, what: holds, category: 'secrets', external: false, isKey: false, isSecret: true }),
    ),
  ];
  return compiled;
}

function compile(kind: Omit<NamedKind, 'isByFile' | 'isCommon'>): Compiled {
  const parts = kind.glob.split('/');
  const last = parts.at(-1) ?? '';
  const above = last === '**' ? kind.glob : parts.slice(0, -1).join('/');
  return {
    ...kind,
    isByFile: above === '**',
    last,
    isCommon: above === '**' && !last.includes('*'),
    holds: above === '**' ? () => true : folderMatcher(above),
    fits: last === '**' ? () => true : picomatch(last, OPTIONS),
    countsInRebuilt: parts.some(isOfRebuilt),
  };
}

/** A glob that ends in two stars is also the folder above them here, which picomatch does not say of every glob. */
function folderMatcher(above: string): (folder: string) => boolean {
  const matches = picomatch(above, OPTIONS);
  return above.endsWith('/**') ? (folder) => matches(folder) || matches(`${folder}/x`) : matches;
}

let mayHold: RegExp | undefined;
let byName: RegExp | undefined;

/** Whether one of the kinds that a folder tells could be in a folder. That spares the search of most folders the globs of all kinds. */
function mayHoldKinds(folder: string): boolean {
  const wordIn = (glob: string): string => /[\w.-]{3,}/.exec(glob)?.[0].replaceAll('.', '\\.') ?? '';
  mayHold ??= new RegExp(
    kinds()
      .flatMap(({ isByFile, glob }) => (isByFile ? [] : wordIn(glob)))
      .join('|'),
    'i',
  );
  return mayHold.test(folder);
}

/** The kinds that files right in one folder can be. */
export class KindsOfFolder {
  readonly #kinds: readonly Compiled[];

  /** @param rebuilt whether the folder is one, or in one, that can be made again */
  constructor(folder: string, rebuilt: boolean) {
    const mayHoldOthers = mayHoldKinds(folder);
    this.#kinds = kinds().filter(
      ({ isByFile, countsInRebuilt, holds }) =>
        (!rebuilt || countsInRebuilt) && (isByFile || (mayHoldOthers && holds(folder))),
    );
  }

  of(name: string): NamedKind | undefined {
    // Most files have no such name, and one expression says so for all kinds that need no folder.
    byName ??= anyOf(
      kinds().flatMap(({ isByFile, last }) => (isByFile ? last : [])),
      OPTIONS,
    );
    const isKnown = byName.test(name);
    return this.#kinds.find(({ isByFile, fits }) => (isKnown || !isByFile) && fits(name));
  }
}

let readInRebuilt: ((folder: string) => boolean) | undefined;

/** Whether a JSON file whose name says nothing may record addresses on a chain. @param rebuilt as in KindsOfFolder */
export function mayHoldRecords(folder: string, name: string, rebuilt: boolean): boolean {
  if (NO_REGISTRY.test(name)) return false;
  if (rebuilt) return mayRecord(folder);
  return !folder.split('/').some((part) => NO_REGISTRIES.has(part));
}

/** Whether compiled files in a folder may record what was deployed, as those of Truffle do. */
function mayRecord(folder: string): boolean {
  readInRebuilt ??= picomatch(
    PRESETS.flatMap(({ places }) => places).flatMap(({ path, named }) =>
      named === undefined && path.split('/').some(isOfRebuilt) ? [path, `**/${path}`] : [],
    ),
    OPTIONS,
  );
  return readInRebuilt(folder);
}

/**
 * The folder that all state of this kind around a file is in, and what in it belongs to the kind: null if everything does. For a kind that only the
 * name of a file tells, it is the file.
 */
export function rootOf(file: string, { glob, isByFile }: NamedKind): { path: string; include: string | null } {
  if (isByFile) return { path: file, include: null };
  const parts = glob.split('/').filter((part, at) => part !== '**' || at > 0);
  const ends = parts.findIndex((part, at) => (at > 0 && part.startsWith('*')) || at === parts.length - 1);
  const head = parts.slice(0, ends);
  const rest = parts.slice(ends);
  const names = file.split('/');
  const matches = head.map((part) => picomatch(part, OPTIONS));
  const at = names.findIndex((_, from) => matches.every((fits, offset) => fits(names[from + offset] ?? '')));
  const path = names.slice(0, at + head.length).join('/');
  const isMixed = rest[0] === '*' || head.some(isOfRebuilt);
  return { path, include: isMixed && rest[0] !== '**' ? rest.join('/') : null };
}

/** Whether a link leads to something outside of the project; the devices of the system are nothing. Both paths are absolute. */
export function leavesProject(project: string, link: string): boolean {
  try {
    const [target, root] = [fs.realpathSync(link), fs.realpathSync(project)];
    return target !== root && !target.startsWith(root + path.sep) && !target.startsWith('/dev/');
  } catch {
    // It leads nowhere.
    return false;
  }
}
