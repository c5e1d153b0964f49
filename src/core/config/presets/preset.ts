import type { SourceType } from '../../model/category.ts';

/** What one framework leaves in a folder, as data. Everything is relative to the folder that uses it: a project or a workspace. */
export interface Preset {
  /** As `preset show` and a config name it. */
  readonly name: string;
  readonly title: string;
  /** Any one of these shows that a folder uses it. */
  readonly foundBy: {
    /** Paths; a part between slashes may be a glob. They make any folder one that uses it, also one that is no workspace. */
    readonly paths?: readonly string[];
    /** Paths that say so in a project and a workspace alone, because elsewhere their names may mean anything. */
    readonly names?: readonly string[];
    /** Dependencies in package.json. */
    readonly packages?: readonly string[];
  };
  /** Configuration: globs in the folder, for the source configs/files. */
  readonly configs?: readonly string[];
  /** State, and the scripts that make it. */
  readonly places: readonly PresetPlace[];
  /** Files that hold keys or passwords, as globs on paths of the project in upper or lower case, and what they hold. They count as secret in every project. */
  readonly secrets?: readonly { readonly pattern: string; readonly holds: string }[];
  /** Names of folders whose files can be made again, and what makes them. A database in such a folder still counts as state. */
  readonly rebuilt?: readonly { readonly folder: string; readonly by: string }[];
}

/** One place that is covered. Presets that have the same place under the same names share it, with the patterns of all of them. */
export interface PresetPlace {
  readonly category: string;
  readonly source: string;
  /** `.` is the folder itself. */
  readonly path: string;
  readonly type?: SourceType;
  /** The setting that names another path: a key in the first of these files in the folder that has it, or a variable of the environment. */
  readonly movedBy?: { readonly files: readonly string[]; readonly key: string } | { readonly variable: string };
  /** Globs relative to `path`; none means everything. */
  readonly include?: readonly string[];
  /** A change here proves that transactions were sent to a chain. */
  readonly external?: boolean;
  /** What is there, as a message names it. */
  readonly what: string;
  /** Globs on paths of the project, in upper or lower case, by which the same kind of state is recognised in any folder. */
  readonly named?: readonly string[];
}
