import { z } from './zod.ts';
import { completenessSchema } from './completeness.ts';
import { copyLockSchema } from './copy-commit.ts';
import { signerSchema } from './verify-report.ts';
import { count, findingsSchema, reportHeadSchema } from './report.ts';

const verificationSchema = z.object({
  /** ISO 8601, UTC. */
  time: z.string(),
  status: z.enum(['PASSED', 'WARNING', 'FAILED']),
  /** Only `full` counts as verified. */
  mode: z.enum(['full', 'sample', 'quick', 'selection']),
  /** Everything was unpacked and every database opened too (verify --rehearse). */
  rehearsed: z.boolean(),
});

/** The project of the backup, as its manifest states it; null if it states none, or cannot be read. */
const listedProjectSchema = z.object({
  id: z.string().nullable(),
  name: z.string().nullable(),
  /** Where the project was when it was made. */
  root: z.string().nullable(),
  /** True if it is this project's: `latest`, `prune` and `validate` include it. */
  own: z.boolean(),
});

/** A copy in a remote, as its commit states it. */
const listedCopySchema = z.object({
  /** Names the copy. */
  tag: z.string(),
  /** When it was complete, by the clock of the remote. ISO 8601, UTC. */
  pushedAt: z.string(),
  /** Of all its objects. */
  bytes: count,
  lock: copyLockSchema.nullable(),
  /** Fingerprints of those who can open it; null if it is not encrypted. */
  encryptedFor: z.array(z.string()).nullable(),
});

/** A copy of a backup of this machine, which was pushed from here, as the operation log says, or seen in a remote since. */
export const knownCopySchema = z.object({
  /** Its name in the config. If the config does not name this place, the name that it had; or the URL, if that name means another place now. */
  remote: z.string(),
  /** The URL of the remote, with `?endpoint=` and its endpoint if it is not that of AWS. */
  place: z.string(),
  tag: z.string(),
  /** When it was complete there; if another machine pushed it, by the clock of the remote. ISO 8601, UTC. */
  pushedAt: z.string(),
  /** Until when nobody may delete it; null if it has no lock. ISO 8601, UTC. */
  lockedUntil: z.string().nullable(),
  /** When this user last asked the remote from this machine, after it was pushed; null if it was not asked since. ISO 8601, UTC. */
  seenAt: z.string().nullable(),
  /** True if it was not there any more at `seenAt`. */
  missing: z.boolean(),
});
export type KnownCopy = z.infer<typeof knownCopySchema>;

/** One backup of `list`. What comes from the manifest is null if the manifest cannot be read. */
export const listedBackupSchema = z.object({
  backupId: z.string(),
  kind: z.enum(['migration', 'safety']),
  /** Absolute; of a copy in a remote its URL. */
  folder: z.string(),
  /** ISO 8601, UTC, as the id says. */
  createdAt: z.iso.datetime(),
  /** Negative for a backup from the future. */
  ageSeconds: z.int(),
  /** `damaged` means what can be seen without reading content; only `verify` proves that a backup is good. `forbidden`: this user may not read it. */
  status: z.enum(['readable', 'damaged', 'forbidden']),
  /** What is wrong with it. */
  problem: z.string().nullable(),
  completeness: completenessSchema.nullable(),
  files: count.nullable(),
  bytes: count.nullable(),
  archivedBytes: count.nullable(),
  note: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  /** Categories that hold something. */
  categories: z.array(z.string()),
  /** True if files that count as secrets were taken too. */
  holdsSecrets: z.boolean().nullable(),
  lastVerification: verificationSchema.nullable(),
  project: listedProjectSchema,
  /**
   * If the config has allowedSigners: who signed the backup, as that file says it, of a copy in a remote its commit; null if nobody whom it names. Whether
   * the files are those that were signed, only `verify` says.
   */
  signer: signerSchema.nullable().optional(),
  /** What is known of copies without asking a remote; with --remote empty. */
  copies: z.array(knownCopySchema),
  /** With --remote; then nothing of the manifest is known. */
  copy: listedCopySchema.optional(),
});
export type ListedBackup = z.infer<typeof listedBackupSchema>;

/** The answer of `list`, newest first. */
export const listReportSchema = reportHeadSchema
  .extend({
    operation: z.literal('list'),
    root: z.string(),
    /** Absolute; with --remote the URL of the remote. */
    repository: z.string(),
    /** With --remote: its name in the config, or the URL that was given. */
    remote: z.string().optional(),
    /** The project's id, as its next backup will record it. */
    project: z.string(),
    /** This project's backups; with --all-projects all of the repository. */
    backups: z.array(listedBackupSchema),
    /** How many more backups of other projects the repository holds; --all-projects shows them. */
    ofOthers: count,
    /** True if a restore was interrupted; `recover` finishes it or takes it back. */
    unfinishedTransaction: z.boolean(),
    findings: findingsSchema,
  })
  .meta({ id: 'ListReport' });
export type ListReport = z.infer<typeof listReportSchema>;
