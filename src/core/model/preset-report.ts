import { reportHeadSchema } from './report.ts';
import { z } from './zod.ts';

/** A preset and what it has to do with the project. */
const presetSchema = z.object({
  /** As `preset show` and a config name it. */
  name: z.string(),
  title: z.string(),
  /** Where the project uses it: a project-relative folder, and what shows it, a path in the folder or `NAME in package.json`. */
  found: z.array(z.object({ folder: z.string(), because: z.string() })),
  /** The folders in which the config, or the default, applies it. */
  applied: z.array(z.string()),
});

/** The answer of `preset list`. */
export const presetListReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('preset list'),
    /** Absolute path of the project. */
    root: z.string(),
    presets: z.array(presetSchema),
  })
  .meta({ id: 'PresetListReport' });
export type PresetListReport = z.infer<typeof presetListReportSchema>;

const placeSchema = z.object({
  category: z.string(),
  source: z.string(),
  /** Relative to the folder in which the preset applies; `.` is that folder itself. */
  path: z.string(),
  type: z.string(),
  /** Globs relative to `path`; empty means everything. */
  include: z.array(z.string()),
  /** True if a change there proves that transactions were sent to a chain. */
  external: z.boolean(),
  /** What is there. */
  what: z.string(),
  /** What names another path: `KEY in FILE`, or the name of a variable of the environment; null if nothing does. */
  movedBy: z.string().nullable(),
});

/** The answer of `preset show`. */
export const presetShowReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('preset show'),
    /** Absolute path of the project. */
    root: z.string(),
    preset: presetSchema,
    foundBy: z.object({
      /** Paths in a folder, also in one that is no workspace. */
      paths: z.array(z.string()),
      /** Paths that count in the project and its workspaces alone. */
      names: z.array(z.string()),
      /** Dependencies in package.json. */
      packages: z.array(z.string()),
    }),
    /** What is covered. */
    places: z.array(placeSchema),
    /** Globs on paths of the project of files that hold keys or passwords, and what they hold. */
    secrets: z.array(z.object({ pattern: z.string(), holds: z.string() })),
    /** Names of folders whose files can be made again, and what makes them. */
    rebuilt: z.array(z.object({ folder: z.string(), by: z.string() })),
  })
  .meta({ id: 'PresetShowReport' });
export type PresetShowReport = z.infer<typeof presetShowReportSchema>;
