import { z } from './zod.ts';
import { findingsSchema, reportHeadSchema } from './report.ts';

/** One file that `init` writes, or would write. */
const initChangeSchema = z.object({
  /** Project-relative. */
  file: z.string(),
  action: z.enum(['create', 'edit']),
  /** What is added, one item each: scripts, ignored folders, sources. */
  adds: z.array(z.string()),
});
export type InitChange = z.infer<typeof initChangeSchema>;

/** The answer of `init`. With `dryRun` the changes are those that it would make. */
export const initReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('init'),
    /** Absolute path of the project. */
    root: z.string(),
    dryRun: z.boolean(),
    /** `unchanged`: everything was set up already. */
    status: z.enum(['changed', 'unchanged']),
    changes: z.array(initChangeSchema),
    /** Absolute path of the config file that existed before; null if init writes one. */
    config: z.string().nullable(),
    /** The presets that were found. */
    found: z.array(
      z.object({
        /** As `preset show` names it. */
        preset: z.string(),
        /** Project-relative; `.` is the project itself. */
        folder: z.string(),
        /** What shows it: a path in the folder, or `NAME in package.json`. */
        because: z.string(),
        /** False if the config that was there before does not apply the preset in this folder. */
        applied: z.boolean(),
      }),
    ),
    /** Workspace folders, project-relative. */
    workspaces: z.array(z.string()),
    /** What the effective configuration covers. */
    sources: z.array(z.object({ category: z.string(), source: z.string(), path: z.string(), exists: z.boolean() })),
    /** True if migbackup is a dependency in package.json, so that `npm run backup:create` finds it on every machine. */
    installed: z.boolean(),
    findings: findingsSchema,
  })
  .meta({ id: 'InitReport' });
export type InitReport = z.infer<typeof initReportSchema>;
