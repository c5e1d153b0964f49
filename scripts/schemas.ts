/** Writes schemas/*.json: the published JSON Schema of every `--json` document, the error document, the manifest and the config file. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const model = new URL('../src/core/model/', import.meta.url);

/** File name -> where its zod schema is. `validate` becomes schemas/validate.json. */
const SOURCES: Readonly<Record<string, { module: URL; name: string }>> = {
  create: { module: new URL('create-report.ts', model), name: 'createReportSchema' },
  verify: { module: new URL('verify-report.ts', model), name: 'verifyReportSchema' },
  'verify-all': { module: new URL('verify-report.ts', model), name: 'verifyAllReportSchema' },
  validate: { module: new URL('validate-report.ts', model), name: 'validateReportSchema' },
  restore: { module: new URL('restore-report.ts', model), name: 'restoreReportSchema' },
  undo: { module: new URL('undo-report.ts', model), name: 'undoReportSchema' },
  guard: { module: new URL('guard-report.ts', model), name: 'guardReportSchema' },
  diff: { module: new URL('diff-report.ts', model), name: 'diffReportSchema' },
  prune: { module: new URL('prune-report.ts', model), name: 'pruneReportSchema' },
  report: { module: new URL('backup-summary.ts', model), name: 'backupSummarySchema' },
  recover: { module: new URL('recover-report.ts', model), name: 'recoverReportSchema' },
  init: { module: new URL('init-report.ts', model), name: 'initReportSchema' },
  list: { module: new URL('list-report.ts', model), name: 'listReportSchema' },
  export: { module: new URL('export-report.ts', model), name: 'exportReportSchema' },
  'leveldb-digest': {
    module: new URL('leveldb-digest-report.ts', model),
    name: 'leveldbDigestReportSchema',
  },
  show: { module: new URL('show-report.ts', model), name: 'showReportSchema' },
  version: { module: new URL('version-report.ts', model), name: 'versionReportSchema' },
  config: { module: new URL('../config/schema.ts', model), name: 'configFileSchema' },
  manifest: { module: new URL('manifest.ts', model), name: 'manifestSchema' },
  error: { module: new URL('../src/cli/error-document.ts', import.meta.url), name: 'errorDocumentSchema' },
};

async function loadSchema(file: string, { module, name }: { module: URL; name: string }): Promise<z.ZodType> {
  const exports: Record<string, unknown> = await import(module.href);
  const schema = exports[name];
  if (!(schema instanceof z.ZodType)) throw new Error(`${file}: ${module.pathname} exports no zod schema ${name}`);
  return schema;
}

/** Every schema file and the text it should have. */
export async function schemaTexts(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const [file, source] of Object.entries(SOURCES)) {
    // io input: a reader must take keys that a later version adds, so nothing is closed.
    const json = z.toJSONSchema(await loadSchema(file, source), { target: 'draft-2020-12', io: 'input' });
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
