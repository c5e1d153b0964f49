import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { IN_SUITE } from '../../support/effort.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { fillMany, makeDatabase } from '../../databases/leveldb/make-database.ts';

const ENTRIES = IN_SUITE ? 1_400_000 : 20_000;
const LIMIT_MB = 300;

/** Loaded before the program: appends its peak memory in MB to a file when it ends. */
const WATCH = `
import fs from 'node:fs';
process.on('exit', () => fs.appendFileSync(process.env.PEAK_FILE, process.resourceUsage().maxRSS * 1024 / 1e6 + '\\n'));
`;

test(
  `a database of ${ENTRIES} entries is captured and proven in less than ${LIMIT_MB} MB`,
  { timeout: 300_000 },
  async () => {
    using folder = tempFolder();
    const root = path.join(folder.path, 'project');
    fs.mkdirSync(root);
    fs.writeFileSync(path.join(root, 'package.json'), '{}');
    const watch = path.join(folder.path, 'watch.mjs');
    fs.writeFileSync(watch, WATCH);
    const peakFile = path.join(folder.path, 'peak');
    const env = { PEAK_FILE: peakFile, NODE_OPTIONS: `--import=${pathToFileURL(watch).href}` };
    await makeDatabase(path.join(root, 'leveldb'), (db) => fillMany(db, ENTRIES, 300));

    const created = await runCli(['create', '--json'], { cwd: root, env });
    expect(created, created.stdout).toMatchObject({ exitCode: 0 });
    const [database] = JSON.parse(created.stdout).categories.leveldb.sources[0].databases;
    expect(database).toMatchObject({ records: ENTRIES, readers: ['migbackup', 'classic-level'] });
    const verified = await runCli(['verify', '--rehearse', '--json'], { cwd: root, env });
    expect(JSON.parse(verified.stdout)).toMatchObject({
      status: 'PASSED',
      scope: { rehearsed: { databases: 1, records: ENTRIES } },
    });
    const peaks = fs.readFileSync(peakFile, 'utf8').trim().split('\n').map(Number);
    expect(Math.max(...peaks)).toBeLessThan(LIMIT_MB);
  },
);
