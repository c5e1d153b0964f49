/** src/ -> dist/migbackup.cjs, which bin/run.js runs. dist/ is made afresh, so nothing of an older build can be left in it. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
rmSync(dist, { recursive: true, force: true });
await bundle(path.join(dist, 'migbackup.cjs'), 'node');
