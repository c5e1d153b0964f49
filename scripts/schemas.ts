/** Writes schemas/*.json: the published JSON Schema of every `--json` document, the error document, the manifest and the config file. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const model = new URL('../src/core/model/', import.meta.url);

interface SchemaSource {
  readonly module: URL;
  readonly name: string;
  /** The command that prints such a document; null if it does not belong to one command. */
  readonly printedBy: string | null;
}

function inModel(file: string, name: string, printedBy: string | null): SchemaSource {
  return { module: new URL(file, model), name, printedBy };
}

/** File name -> where its zod schema is. `validate` becomes schemas/validate.json. */
export const SOURCES: Readonly<Record<string, SchemaSource>> = {
  create: inModel('create-report.ts', 'createReportSchema', 'create'),
  verify: inModel('verify-report.ts', 'verifyReportSchema', 'verify'),
  'verify-all': inModel('verify-report.ts', 'verifyAllReportSchema', 'verify --all'),
  validate: inModel('validate-report.ts', 'validateReportSchema', 'validate'),
  restore: inModel('restore-report.ts', 'restoreReportSchema', 'restore'),
  undo: inModel('undo-report.ts', 'undoReportSchema', 'undo'),
  'undo-list': inModel('undo-list-report.ts', 'undoListReportSchema', 'undo --list'),
  guard: inModel('guard-report.ts', 'guardReportSchema', 'guard'),
  'db-ls': inModel('db-ls-report.ts', 'dbLsReportSchema', 'db ls'),
  'db-diff': inModel('db-diff-report.ts', 'dbDiffReportSchema', 'db diff'),
  'db-digest': inModel('db-digest-report.ts', 'dbDigestReportSchema', 'db digest'),
  reconcile: inModel('reconcile-report.ts', 'reconcileReportSchema', 'reconcile DATABASE'),
  'reconcile-all': inModel('reconcile-report.ts', 'reconcileAllReportSchema', 'reconcile'),
  diff: inModel('diff-report.ts', 'diffReportSchema', 'diff'),
  prune: inModel('prune-report.ts', 'pruneReportSchema', 'prune'),
  push: inModel('push-report.ts', 'pushReportSchema', 'push'),
  pull: inModel('pull-report.ts', 'pullReportSchema', 'pull'),
  sign: inModel('sign-report.ts', 'signReportSchema', 'sign'),
  'key-new': inModel('key-report.ts', 'keyNewReportSchema', 'key new'),
  'key-drill': inModel('key-report.ts', 'keyDrillReportSchema', 'key drill'),
  'key-reseal': inModel('key-report.ts', 'keyResealReportSchema', 'key reseal'),
  'remote-init': inModel('remote-check-report.ts', 'remoteCheckReportSchema', 'remote init'),
  'remote-check': inModel('remote-check-report.ts', 'remoteCheckReportSchema', 'remote check'),
  require: inModel('require-report.ts', 'requireReportSchema', 'require'),
  report: inModel('backup-summary.ts', 'backupSummarySchema', 'report'),
  recover: inModel('recover-report.ts', 'recoverReportSchema', 'recover'),
  init: inModel('init-report.ts', 'initReportSchema', 'init'),
  'preset-list': inModel('preset-report.ts', 'presetListReportSchema', 'preset list'),
  'preset-show': inModel('preset-report.ts', 'presetShowReportSchema', 'preset show'),
  list: inModel('list-report.ts', 'listReportSchema', 'list'),
  export: inModel('export-report.ts', 'exportReportSchema', 'export'),
  show: inModel('show-report.ts', 'showReportSchema', 'show'),
  status: inModel('status-report.ts', 'statusReportSchema', 'status'),
  version: inModel('version-report.ts', 'versionReportSchema', '--version'),
  config: inModel('../config/schema.ts', 'configFileSchema', null),
  manifest: inModel('manifest.ts', 'manifestSchema', null),
  error: inModel('../../cli/error-document.ts', 'errorDocumentSchema', null),
};

async function loadSchema(file: string, { module, name }: SchemaSource): Promise<z.core.$ZodType> {
  const exports: Record<string, unknown> = await import(module.href);
  const schema = exports[name];
  if (!(schema instanceof z.ZodType)) throw new Error(`${file}: ${module.pathname} exports no zod schema ${name}`);
  return schema;
}

/** A report with findings is printed with `recommendations` (`withRecommendations`). */
function addRecommendations({ properties, required }: z.core.JSONSchema.BaseSchema): void {
  if (properties?.['findings'] === undefined || properties['recommendations'] !== undefined) return;
  properties['recommendations'] = { type: 'array', items: { type: 'string' } };
  required?.push('recommendations');
}

/** Every schema file and the text it should have. */
export async function schemaTexts(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const [file, source] of Object.entries(SOURCES)) {
    // `io: 'input'` leaves objects open, because a reader must accept keys that a later version adds.
    const schema = await loadSchema(file, source);
    const json = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io: 'input',
      override: ({ zodSchema, jsonSchema }) => {
        if (source.printedBy !== null && zodSchema === schema) addRecommendations(jsonSchema);
      },
    });
    texts.set(`${file}.json`, `${JSON.stringify(json, null, 2)}\n`);
  }
  return texts;
}

/** The schema files that are not what the code says: changed, missing or left over. */
export async function staleSchemas(folder = `${root}/schemas`): Promise<string[]> {
  const texts = await schemaTexts();
  const present = new Set(readdirSync(folder));
  const names = new Set([...texts.keys(), ...present]);
  return [...names].filter(
    (name) => !present.has(name) || readFileSync(`${folder}/${name}`, 'utf8') !== texts.get(name),
  );
}

if (import.meta.main) {
  const folder = `${root}/schemas`;
  mkdirSync(folder, { recursive: true });
  const texts = await schemaTexts();
  for (const name of readdirSync(folder)) if (!texts.has(name)) rmSync(`${folder}/${name}`);
  for (const [name, text] of texts) writeFileSync(`${folder}/${name}`, text);
}
