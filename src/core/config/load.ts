/*
 * Room "config": finds, reads, checks and writes migbackup.config.json, and has the preset that replaces a missing one. All rooms below know only the
 * resolved Config.
 */
import { isUtf8 } from 'node:buffer';
import os from 'node:os';
import path from 'node:path';
import { createScanner, parse, type ParseError, printParseErrorCode } from 'jsonc-parser';
import { isDatabaseFolder } from '../model/engine-name.ts';
import { z } from '../model/zod.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { lstatOrNull } from '../fs/durable.ts';
import { pathProblem } from '../paths/paths.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Category, Config, Source } from '../model/category.ts';
import { checkCategories, checkSettings } from './conflicts.ts';
import { CONFIG_FILE, withConfigFile } from './config-file.ts';
import { invalid, readBytes, readText } from './config-text.ts';
import { extendPreset, type WrittenCategories } from './extend-preset.ts';
import { type Applied, DEFAULT_SECRETS, EVERY_PRESET, presetCategories, withEveryPreset } from './preset.ts';
import { type ConfigFile, configFileSchema, type sourceFileSchema } from './schema.ts';

/** On real JSON, this is smaller and faster than zstd's own default. */
const DEFAULT_LEVEL = 1;
const SHOWN_ISSUES = 20;

export interface LoadedConfig {
  readonly config: Config;
  /** The config's `backups`, as written. */
  readonly backups: string | undefined;
}

/**
 * The effective configuration: the given file, otherwise migbackup.config.json in the root, otherwise `package.json#migbackup`, otherwise the preset.
 * A config that has "preset" extends the preset; one that has categories and no "preset" stands alone. Throws CONFIG_INVALID or CONFIG_CONFLICT,
 * naming the file, the key and what to do.
 */
export function loadConfig(root: string, options: ConfigOptions): LoadedConfig {
  return configFrom(root, findConfig(root, options.file), options.env);
}

/**
 * The same for a way back, which must not depend on the project's own config: if that cannot be used, it counts as lost. A file that the user named
 * is still refused if it cannot be used.
 */
export function loadConfigOrPreset(root: string, options: ConfigOptions): LoadedConfig {
  try {
    return loadConfig(root, options);
  } catch (error) {
    const ours = error instanceof BackupError && (error.code === 'CONFIG_INVALID' || error.code === 'CONFIG_CONFLICT');
    if (!ours || options.file !== undefined || lstatOrNull(path.join(root, CONFIG_FILE)) === null) throw error;
    const { backups, config } = configFrom(root, undefined, options.env);
    return { backups, config: { ...config, problem: error.message } };
  }
}

/** Whether a config that cannot be used has the key that asks for signatures, as far as can be seen. */
export function namesRule(root: string): boolean {
  const textOf = (name: string): string => {
    try {
      return readText(path.join(root, name), false) ?? '';
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      return '';
    }
  };
  const inPackage = textOf('package.json');
  return [textOf(CONFIG_FILE), isJson(inPackage) ? '' : inPackage].some((text) => text.includes('"requireSignature"'));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

interface ConfigOptions {
  readonly file?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

interface FoundConfig {
  readonly file: string;
  readonly settings: ConfigFile;
}

function configFrom(root: string, found: FoundConfig | undefined, env: NodeJS.ProcessEnv): LoadedConfig {
  const settings: ConfigFile = found?.settings ?? {};
  const file = found?.file ?? 'the preset';
  const applied = appliedBy(settings, file);
  const written = resolveCategories(settings.categories ?? {});
  const named =
    applied === undefined
      ? withoutPreset(written, file)
      : extendPreset(presetCategories(root, env, applied), written, file);
  checkCategories(named, file, applied !== undefined);
  const categories = found?.file === path.join(root, CONFIG_FILE) ? withConfigFile(named) : named;
  if (found !== undefined) checkSettings(settings, found.file);
  return {
    backups: settings.backups,
    config: {
      file: found?.file,
      project: settings.project,
      presets: Object.fromEntries(applied ?? []),
      categories,
      written: [...written.values()].flatMap((sources) => [...(sources?.values() ?? [])]).filter((one) => one !== null),
      compression: settings.compression ?? 'zstd',
      level: settings.level ?? DEFAULT_LEVEL,
      includeSecrets: settings.includeSecrets ?? false,
      secrets: settings.secrets ?? DEFAULT_SECRETS,
      ignore: settings.ignore ?? [],
      expect: settings.guard?.expect,
      reconcile: settings.reconcile,
      remotes: Object.fromEntries(
        Object.entries(settings.remotes ?? {}).map(([name, one]) => [name, { ...one, sign: keyFile(root, one.sign) }]),
      ),
      push: settings.push,
      sign:
        settings.sign === undefined ? undefined : path.resolve(root, settings.sign.replace(/^~(?=\/)/, os.homedir())),
      allowedSigners: settings.allowedSigners === undefined ? undefined : path.resolve(root, settings.allowedSigners),
      requireSignature: settings.requireSignature,
    },
  };
}

/** Absolute. `~/` is the home of this user. */
function keyFile(root: string, written: string | undefined): string | undefined {
  return written === undefined ? undefined : path.resolve(root, written.replace(/^~(?=\/)/, os.homedir()));
}

/** Where presets apply by a config; undefined if none does, because the config has categories of its own alone. */
function appliedBy({ preset, presets, categories }: ConfigFile, file: string): Applied | undefined {
  if (presets === undefined) return preset === undefined && categories !== undefined ? undefined : EVERY_PRESET;
  const written = new Map(
    Object.entries(presets).map(([name, folders = []]) => {
      const usual = folders.map((folder) => normalPath(folder));
      const at = usual.findIndex((folder) => folder !== '.' && pathProblem(folder) !== null);
      const odd = usual[at];
      if (odd === undefined) return [name, usual];
      throw invalid(
        file,
        `presets.${name} has the folder "${shorten(escapeName(folders[at] ?? odd))}": ${pathProblem(odd)}`,
        'Give a folder that is inside the project and relative to it, with / between its parts.',
      );
    }),
  );
  return preset === undefined ? written : withEveryPreset(written);
}

function findConfig(root: string, file: string | undefined): FoundConfig | undefined {
  const named = file ?? path.join(root, CONFIG_FILE);
  const value = file === undefined ? readOwn(named) : parseText(readText(named, true) ?? '', named);
  if (value !== undefined) return { file: named, settings: checkShape(value, named) };
  const packageFile = path.join(root, 'package.json');
  const inPackage = packageSettings(readBytes(packageFile, false));
  return inPackage === undefined
    ? undefined
    : { file: packageFile, settings: checkShape(inPackage, `${packageFile}#migbackup`) };
}

/** What the project's own config says; undefined if there is no config. */
function readOwn(file: string): unknown {
  try {
    const text = readText(file, false);
    if (text !== undefined) return parseText(text, file);
    if (lstatOrNull(file) === null) return undefined;
    throw invalid(file, 'is a link that leads nowhere', 'Repair or remove that link.');
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    const again = `migbackup restore --latest --only ${CONFIG_FILE}`;
    throw invalid(
      file,
      error.message.slice(`${file}: `.length),
      `${error.hint} To bring back the config of the latest backup, run: ${again}`,
      error.cause,
    );
  }
}

function parseText(text: string, file: string): unknown {
  const odd = shapeProblem(text);
  if (odd !== null) throw invalid(file, odd, 'Correct that. The file schemas/config.json says what is allowed.');
  const errors: ParseError[] = [];
  const value: unknown = parse(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return value;
  const before = text.slice(0, first.offset).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  throw invalid(
    file,
    `is not valid JSON: ${printParseErrorCode(first.error)} at ${place}`,
    'Correct that line. Comments and trailing commas are allowed.',
  );
}

/** A package.json that does not parse is reported by npm. For us it has no settings. */
function packageSettings(bytes: Buffer | undefined): unknown {
  if (bytes === undefined || !isUtf8(bytes)) return undefined;
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
    if (typeof parsed === 'object' && parsed !== null && 'migbackup' in parsed) return parsed.migbackup;
  } catch {
    return undefined;
  }
  return undefined;
}

function checkShape(value: unknown, file: string): ConfigFile {
  const result = configFileSchema.safeParse(value);
  if (result.success) return result.data;
  const why = result.error.issues.slice(0, SHOWN_ISSUES).map(describeIssue).join('; ');
  throw invalid(
    file,
    shorten(escapeName(why)),
    'Correct or remove that key. The file schemas/config.json says what is allowed.',
    result.error,
  );
}

/** One problem as one line that begins with the key. */
function describeIssue(issue: z.core.$ZodIssue): string {
  const key = z.core.toDotPath(issue.path);
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return key === '' ? message : `${key}: ${message}`;
}

/** The categories as written, with all defaults filled in. */
function resolveCategories(categories: NonNullable<ConfigFile['categories']>): WrittenCategories {
  return new Map(
    Object.entries(categories).map(([category, written]) => [
      category,
      written &&
        new Map(
          Object.entries(written.sources).map(([name, source]) => [name, source && fullSource(category, name, source)]),
        ),
    ]),
  );
}

function fullSource(category: string, name: string, source: z.infer<typeof sourceFileSchema>): Source {
  const type = source.type ?? 'files';
  return {
    category,
    name,
    path: normalPath(source.path),
    type,
    include: source.include ?? [],
    exclude: source.exclude ?? [],
    required: source.required ?? false,
    exclusive: isDatabaseFolder(type) || (source.exclusive ?? false),
    external: source.external ?? false,
  };
}

/** The categories of a config that stands alone. Throws CONFIG_INVALID for a null, because there is nothing to turn off. */
function withoutPreset(written: WrittenCategories, file: string): Category[] {
  return [...written].map(([name, sources]) => {
    const off = sources === null ? name : [...sources].find(([, source]) => source === null)?.[0];
    if (sources !== null && off === undefined)
      return { name, sources: [...sources.values()].filter((source) => source !== null) };
    throw invalid(
      file,
      `categories.${sources === null ? name : `${name}.sources.${off}`} is null, but this config does not extend the preset`,
      'Add "preset": "default" to turn a part of the preset off, or remove that key.',
    );
  });
}

/** `./a/` becomes `a`, and `./` becomes `.`. Other odd paths stay as they are, and the path rules refuse them. */
function normalPath(written: string): string {
  if (/^\.?\/*$/.test(written) && !written.startsWith('/')) return written === '' ? '' : '.';
  return written.replace(/^(\.\/+)+/, '').replace(/(?<=.)\/+$/, '');
}

/** The schema needs 6 levels. The parser recurses for each level, and the stack is limited. */
const MAX_DEPTH = 64;

/** What is wrong with the form of a text: it is nested too deep, or has a key that every object has already. Null if nothing is wrong. */
function shapeProblem(text: string): string | null {
  const scanner = createScanner(text, true);
  let depth = 0;
  let lastString = '';
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text.charAt(scanner.getTokenOffset());
    if (first === '{' || first === '[') depth++;
    if (first === '}' || first === ']') depth--;
    if (depth > MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH}`;
    // jsonc-parser would set the object's prototype.
    if (first === ':' && lastString === '__proto__') return 'a key is called __proto__';
    lastString = first === '"' ? scanner.getTokenValue() : '';
  }
  return null;
}
