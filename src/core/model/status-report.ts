import { z } from './zod.ts';
import { ENGINES } from './engine-name.ts';
import { listedBackupSchema } from './list-report.ts';
import { ERROR_CODES } from './backup-error.ts';
import { count, reportHeadSchema } from './report.ts';

/** A backup in a few words. */
const statusBackupSchema = listedBackupSchema.pick({
  backupId: true,
  createdAt: true,
  ageSeconds: true,
  status: true,
  completeness: true,
  files: true,
  problem: true,
  lastVerification: true,
  copies: true,
});
export type StatusBackup = z.infer<typeof statusBackupSchema>;

/** Something that is not finished. */
export const pendingSchema = z.object({
  /** `not-seen`: this user may not look, so it is not known whether anything is unfinished. */
  what: z.enum(['running', 'restore-unfinished', 'guard-interrupted', 'guard-failed', 'guard-running', 'not-seen']),
  /** What happened, in a sentence. */
  message: z.string(),
  /** The command that deals with it; null if it ends by itself, or if this user cannot deal with it. */
  command: z.string().nullable(),
});
export type Pending = z.infer<typeof pendingSchema>;

/** The answer of `status`: where the project stands. Nothing is verified, and nothing is written but what was seen in remotes. */
export const statusReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('status'),
    root: z.string(),
    repository: z.string(),
    /** Why no backup can be seen in the repository: it does not exist or is not a folder, and what to do; null if it is one. */
    repositoryProblem: z.string().nullable(),
    /** The project's id, as its next backup will record it. */
    project: z.string(),
    /** Why the config of the project cannot be used; null if it can be used, or if there is none. */
    configProblem: z.string().nullable(),
    /** The newest complete backup, and older ones with something that it lacks and that was not accepted as gone; empty if there is no backup to compare with. */
    lost: z.array(
      z.object({
        backupId: z.string(),
        /** What the backup has and the project lacks. */
        gone: z.array(
          z.object({
            path: z.string(),
            files: count,
            records: count.nullable(),
            bytes: count.nullable(),
            /** Set if a file is there but is no longer a database of this engine. */
            noLonger: z.enum(ENGINES).nullable(),
          }),
        ),
        /** The command line that brings it back; null if nothing is gone, or if the line of a newer backup comes first. */
        restore: z.string().nullable(),
        /** Why it could not be compared. */
        problem: z.string().nullable(),
        /** A newer backup that this user may not read: nothing was compared with it. */
        newer: z.object({ backupId: z.string(), problem: z.string() }).nullable(),
      }),
    ),
    backups: z.object({ migration: count, safety: count, ofOthers: count }),
    /** What `latest` means: the newest complete backup, else the newest partial one. */
    latest: statusBackupSchema.nullable(),
    /** Remotes of the config, and those of --remote, in which no copy of `latest` is known: none was pushed from here, and none was seen. */
    notPushedTo: z.array(z.string()),
    /** The remotes of --remote, which were asked now. */
    asked: z.array(
      z.object({
        /** The name in the config, or the URL that was given. */
        remote: z.string(),
        place: z.string(),
        /** The newest complete backup of this project of which it has a copy, if that is newer than `latest` and not in the repository. */
        newer: z.string().nullable(),
        /** Why it gave no answer; then what was seen there before is said. Null if it gave one. */
        error: z.object({ code: z.enum(ERROR_CODES), message: z.string(), hint: z.string() }).nullable(),
      }),
    ),
    /** Names of encrypted remotes of the config that have a copy of `latest`, and of which no key drill is on record for the keys that the config names now. */
    notDrilled: z.array(z.string()),
    /** A newer one that `latest` passes over. */
    newer: statusBackupSchema.nullable(),
    pending: z.array(pendingSchema),
    /** What `undo` would take back; null if there is nothing, if something is unfinished, or if this user may not see it. */
    undo: z
      .object({ operation: z.string(), time: z.string(), backupId: z.string(), safetyBackup: z.string() })
      .nullable(),
    /** Why it is not known what `undo` would take back; null if it is known. */
    undoProblem: z.string().nullable(),
    /** The command to run next; empty while another migbackup is at work in the project. */
    next: z.array(z.string()),
  })
  .meta({ id: 'StatusReport' });
export type StatusReport = z.infer<typeof statusReportSchema>;
