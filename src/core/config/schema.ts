import { ENGINES } from '../model/engine-name.ts';
import { z } from '../model/zod.ts';
import { nearest } from '../model/nearest.ts';
import { PROJECT_ID } from './checkout.ts';
import { PRESETS } from './presets/all-presets.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a name has lower-case letters, digits and dashes, up to 63')
  .describe('lower-case letters, digits and dashes');

export const sourceFileSchema = z.strictObject({
  path: z.string().describe('relative to the project, with /; "." is the project itself'),
  type: z
    .enum(['files', ...ENGINES])
    .optional()
    .describe('files (default); leveldb or sqlite: it must be such a database, which is proven wherever it lies'),
  include: z.array(z.string().min(1)).optional().describe('globs relative to path; none means everything'),
  exclude: z.array(z.string().min(1)).optional().describe('globs relative to path; never applied inside a database'),
  required: z.boolean().optional().describe('create fails when it does not exist'),
  exclusive: z.boolean().optional().describe('the folder is swapped as one when it is restored'),
  external: z.boolean().optional().describe('a change here proves that transactions were sent to a chain'),
});

/** A limit, because every folder is several sources. */
const MAX_FOLDERS = 1000;

const reason = z.string().regex(/\S/, 'say why').max(1000);

/** What a person says of the records of one database. Limits, because each rule is tried on every record. */
export const reconcileRulesSchema = z.strictObject({
  in: z
    .array(z.string().min(1))
    .max(100)
    .optional()
    .describe(
      'globs of the files and databases that are searched, relative to the project, also if they did not change',
    ),
  places: z
    .record(z.string(), z.array(z.string()).min(1).max(50))
    .optional()
    .describe(
      'field -> where its values stand: JSON pointers with "*", "{field}", "{field~last}", "{key}" and "{key.0}"; with them none are learned',
    ),
  values: z
    .record(z.string(), z.record(z.string(), z.string()))
    .optional()
    .describe('field -> old value -> what it is called now'),
  ignore: z.record(z.string(), reason).optional().describe('field -> why its value does not count'),
  gone: z
    .array(
      z.strictObject({
        key: z.string().min(1).describe('of the records, with "*" for anything and "\\*" for a star'),
        entries: z.int().min(1).describe('how many records are gone: another number is a finding'),
        why: reason,
      }),
    )
    .max(1000)
    .optional()
    .describe('records that are meant to be gone'),
});

const PRESET_NAMES = PRESETS.map((preset) => preset.name);

/** What is said of a preset that does not exist. */
function noSuchPreset(name: string): string {
  const meant = nearest(name, PRESET_NAMES);
  return `there is no preset "${name}"${meant === undefined ? '' : `, did you mean "${meant}"?`}`;
}

/** Where copies of backups go. docs/remotes.md explains each key. */
export const remoteSettingsSchema = z.strictObject({
  url: z.string().min(1).describe('s3://BUCKET/PREFIX or file:///FOLDER'),
  endpoint: z.string().min(1).optional().describe('URL of an S3 server that is not AWS'),
  region: z.string().min(1).optional().describe('region of the bucket'),
  profile: z.string().min(1).optional().describe('profile of ~/.aws/config whose credentials are used'),
  pathStyle: z
    .boolean()
    .optional()
    .describe('the bucket is in the path of the URL, not in the name of the host (default with an endpoint)'),
  checksums: z
    .enum(['sha256', 'none'])
    .optional()
    .describe('none: the server keeps no SHA-256 of what it stores, so verify reads everything'),
  lock: z
    .strictObject({
      mode: z.enum(['governance', 'compliance']),
      days: z.int().min(1).max(36_500).describe('how long nobody may delete a copy'),
    })
    .optional()
    .describe('object lock of each copy; the bucket has to allow it'),
  encryptTo: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'copies are encrypted for these keys: age1…, age1pq1…, the text of an SSH public key, or "passphrase" (docs/keys.md)',
    ),
  singleRecipient: z
    .boolean()
    .optional()
    .describe('allow one key in encryptTo, whose loss would be that of all copies'),
  sign: z.string().min(1).optional().describe('key that signs the commits of new copies there, instead of "sign"'),
});

/** migbackup.config.json, also `package.json#migbackup`. Unknown keys are errors: a typing mistake must not lose a category. */
export const configFileSchema = z
  .strictObject({
    $schema: z.string().optional(),
    preset: z
      .literal('default')
      .optional()
      .describe(
        'categories are added to what is covered without a config: all presets in the project itself; a source of a name that is there already replaces it, null turns it off',
      ),
    presets: z
      .partialRecord(z.enum(PRESET_NAMES), z.array(z.string()).max(MAX_FOLDERS), {
        error: (issue: z.core.$ZodRawIssue) =>
          issue.code === 'unrecognized_keys' ? noSuchPreset(issue.keys[0] ?? '') : undefined,
      })
      .optional()
      .describe(
        'preset -> folders where it applies too, relative to the project; without "preset" only where it is named here',
      ),
    project: z
      .string()
      .regex(PROJECT_ID, 'an id has letters, digits, dots, dashes and underscores, up to 100, a letter or digit first')
      .optional()
      .describe('whose the backups are: the same in every checkout of this project, another in every other project'),
    backups: z.string().min(1).optional().describe('where backups go, relative to the project'),
    compression: z.enum(['zstd', 'none']).optional(),
    level: z.int().min(1).max(19).optional().describe('zstd level'),
    includeSecrets: z.boolean().optional().describe('take along what looks like keys and passwords'),
    secrets: z
      .array(z.string().min(1))
      .optional()
      .describe('globs of paths that hold secrets, instead of the built-in ones'),
    ignore: z.array(z.string().min(1)).optional().describe('globs of paths that are known and need no category'),
    categories: z
      .record(name, z.strictObject({ sources: z.record(name, sourceFileSchema.nullable()) }).nullable())
      .optional()
      .describe(
        'what is covered; without "preset" nothing else is. Null, with "preset": that category or source is off',
      ),
    guard: z
      .strictObject({
        expect: z
          .literal('no-loss')
          .optional()
          .describe(
            'a guarded command that exits 0 and yet lost records or deployments has failed, as with guard --expect no-loss',
          ),
      })
      .optional(),
    remotes: z.record(name, remoteSettingsSchema).optional().describe('where copies of backups go, by name'),
    push: z
      .literal('always')
      .optional()
      .describe('create and guard push each new backup to every remote, as with --push'),
    sign: z
      .string()
      .min(1)
      .optional()
      .describe(
        'key that create and guard sign each new backup with, as with --sign: a private key, or the .pub file of a key in the agent; relative to the project, or ~/…',
      ),
    allowedSigners: z
      .string()
      .min(1)
      .optional()
      .describe('who may sign backups: an allowed-signers file of OpenSSH, relative to the project'),
    requireSignature: z
      .union([z.literal(true), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe(
        'restore only what one of these principals signed; true: what anybody in allowedSigners signed (docs/keys.md)',
      ),
    reconcile: z
      .record(z.string().min(1), reconcileRulesSchema)
      .optional()
      .describe('rules of reconcile for a database, by category/source or by its path (docs/records.md)'),
  })
  .meta({ id: 'Config', title: 'migbackup.config.json' });

export type ConfigFile = z.infer<typeof configFileSchema>;
