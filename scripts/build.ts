/** Builds dist/ from src/; bin/run.js runs from it, and the npm package is made of it. dist/ is removed first, so that nothing of an older build is left. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';
import { licenseTexts } from './licenses.ts';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
rmSync(dist, { recursive: true, force: true });
const packages = await bundle(path.join(dist, 'migbackup.cjs'));
writeFileSync(path.join(dist, 'licenses.txt'), licenseTexts(packages));
