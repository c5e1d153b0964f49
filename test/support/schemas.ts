import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const folder = new URL('../../schemas/', import.meta.url);

/** What a document violates of the published schema `schemas/<name>.json`; empty when it fits. */
export function schemaViolations(name: string, document: unknown): string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const schema: object = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
  if (ajv.validate(schema, document)) return [];
  return (ajv.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}
