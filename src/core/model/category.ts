import type { EngineName } from './engine-name.ts';

/** How completely a category was captured. */
export type CategoryStatus = 'complete' | 'partial' | 'empty' | 'absent';

export type SourceType = 'files' | EngineName;

/** A path in a category, with all defaults filled in: what a config or the preset resolves to. */
export interface Source {
  readonly category: string;
  readonly name: string;
  /** Project-relative, `/`-separated, no leading or trailing slash; `.` is the root itself. May name one file. */
  readonly path: string;
  readonly type: SourceType;
  /** Globs relative to `path`; empty means everything. A pattern without glob characters names a file. */
  readonly include: readonly string[];
  /** Globs relative to `path`. Never applied inside a database. */
  readonly exclude: readonly string[];
  readonly required: boolean;
  /** The folder belongs to this source alone, so a restore may swap it as one unit. Always true of a database that is a folder. */
  readonly exclusive: boolean;
  /** A change here proves that transactions were sent to a chain. */
  readonly external: boolean;
}

export interface Category {
  readonly name: string;
  readonly sources: readonly Source[];
}

export type Compression = 'zstd' | 'none';

/** What the config says of the records of one database; schema.ts says what each key means. */
export interface ReconcileRules {
  readonly in?: readonly string[] | undefined;
  readonly places?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly values?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  readonly ignore?: Readonly<Record<string, string>> | undefined;
  readonly gone?: readonly { readonly key: string; readonly entries: number; readonly why: string }[] | undefined;
}

/** Where copies of backups go, as the config says it; schema.ts says what each key means. */
export interface RemoteSettings {
  readonly url: string;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly pathStyle?: boolean | undefined;
  readonly checksums?: 'sha256' | 'none' | undefined;
  readonly lock?: { readonly mode: 'governance' | 'compliance'; readonly days: number } | undefined;
  /** For whom copies are encrypted; undefined: they are not. */
  readonly encryptTo?: readonly string[] | undefined;
  /** Allow a single one. */
  readonly singleRecipient?: boolean | undefined;
  /** The key that signs the commits of new copies there, absolute. */
  readonly sign?: string | undefined;
}

/** The effective configuration: the preset or a config file, resolved against one project. */
export interface Config {
  /** Absolute path of the config file, or undefined when the preset is used. */
  readonly file: string | undefined;
  /** Why the project's config cannot be used, if it is treated as lost. */
  readonly problem?: string | undefined;
  /** The project's id, if the config has one. */
  readonly project?: string | undefined;
  /** Where presets apply: names of presets, each with project-relative folders. */
  readonly presets?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly categories: readonly Category[];
  /** Only the sources that the config file spells out. Those of the preset need not exist. */
  readonly written: readonly Source[];
  readonly compression: Compression;
  readonly level: number;
  readonly includeSecrets: boolean;
  /** Globs on project-relative paths; matching files are left out unless includeSecrets. */
  readonly secrets: readonly string[];
  /** Globs on project-relative paths that need no category: coverage says nothing about them. */
  readonly ignore: readonly string[];
  /** What a guarded command has to keep, if the command line does not say. */
  readonly expect?: 'no-loss' | undefined;
  /** Rules for databases, by category/source or path. */
  readonly reconcile?: Readonly<Record<string, ReconcileRules>> | undefined;
  /** Where copies go, by name. */
  readonly remotes?: Readonly<Record<string, RemoteSettings>> | undefined;
  /** Whether create and guard push each new backup. */
  readonly push?: 'always' | undefined;
  /** The key that signs each new backup, absolute. */
  readonly sign?: string | undefined;
  /** An allowed-signers file of OpenSSH, absolute. */
  readonly allowedSigners?: string | undefined;
  /** Who has to have signed what is restored; true: anybody whom that file names. */
  readonly requireSignature?: true | readonly string[] | undefined;
  /** The config asked for signatures when it was last seen, and is gone or cannot be used now. */
  readonly requiredSignature?: boolean | undefined;
  /** Terms of `--only` that narrow what the categories hold: those of this run, or those that a backup was made with. */
  readonly only?: readonly string[] | undefined;
}

/** A project and its repository, as every operation is handed them. */
export interface Project {
  /** Absolute, real path. */
  readonly root: string;
  /** Absolute path of the backups folder; it may not exist yet. */
  readonly repository: string;
  readonly config: Config;
}
