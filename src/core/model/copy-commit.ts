import { z } from './zod.ts';
import { completenessSchema } from './completeness.ts';
import { projectNamesSchema } from './manifest.ts';
import { count } from './report.ts';

/** In characters. Far more than a signature of the longest RSA key. */
const MAX_SIGNATURE = 16 << 10;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const copyLockSchema = z.object({
  mode: z.enum(['governance', 'compliance']),
  /** ISO 8601, UTC. */
  until: z.iso.datetime(),
});

const copyObjectSchema = z.object({
  /** The artifact's name in the backup; in an encrypted copy KEYS.age or `<n>.age`. */
  name: z.string().min(1).max(100),
  size: count,
  sha256,
  /** Bytes of each part but the last; null if it was sent in one piece. */
  partSize: z.int().positive().nullable(),
  /** What the remote stores: base64 of the SHA-256, or of those of the parts. Null if it stores none. */
  checksum: z.string().max(100).nullable(),
  etag: z.string().max(200).nullable(),
  versionId: z.string().max(1024).nullable(),
});
export type CopyObject = z.infer<typeof copyObjectSchema>;

/** What a commit says of a copy. */
export const copyStatementSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  kind: z.enum(['migration', 'safety']),
  /** Of an encrypted copy, what only those can compare who know these names. */
  project: projectNamesSchema,
  completeness: completenessSchema,
  createdAt: z.iso.datetime(),
  tag: z.string(),
  lock: copyLockSchema.nullable(),
  encryption: z
    .object({
      /** Fingerprints of those for whom KEYS.age is encrypted. */
      recipients: z.array(z.string().max(100)).min(1).max(100),
      /** Tells those who have the backup that this is a copy of it, and nobody else anything. */
      content: z.string().regex(/^[0-9a-f]{32}$/),
    })
    .nullable(),
  /**
   * In the order of ARTIFACTS.sha256, which follows them; of an encrypted copy KEYS.age, ARTIFACTS.sha256 and then its lines in order. Then the signature,
   * ID.sig, if the backup is signed.
   */
  objects: z.array(copyObjectSchema).min(5).max(1011),
});
export type CopyStatement = z.infer<typeof copyStatementSchema>;

/** The object that makes a copy exist. */
export const copyCommitSchema = z.object({
  /** The statement as the exact text that was written. */
  statement: z.string(),
  /** The manifest as base64 of a zstd frame, so that a reader of the commit needs no request for it. Null if it is large. */
  manifest: z.base64().nullable(),
  /** Of the statement: each is the text that ssh-keygen -Y sign writes, in the namespace migbackup-commit-v1. */
  signatures: z.array(z.string().max(MAX_SIGNATURE)).max(8),
});
