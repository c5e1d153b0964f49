/**
 * `npm run bench:remotes [-- --rounds 5] [--json FILE]`: a backup of 520 MB to an S3 server on this machine and back, and one small file of it, by migbackup
 * and by rclone and restic where they are installed, in turn. The server is the Ceph gateway of the tests, which keeps everything in memory. Works in the
 * folder for temporary files (TMPDIR), which needs 3 GB, and takes 4 GB of memory.
 */
import { createCipheriv } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { keysOf, startGateway, type Gateway } from '../test/servers/s3/gateway.ts';
import { bringPrograms } from '../test/servers/s3/programs.ts';
import { ask, measure, spread, type Sample } from './measure.ts';

const MIB = 1 << 20;
/** 520 MB in files that stay as large when they are compressed. */
const FILES = 8;
const FILE_BYTES = 62 * MIB;
const SMALL = 'deployments/mainnet/Token.json';
const BUCKET = 'bench';
/** The gateway gives back memory of what was removed within this time, which is not on anybody's clock. */
const SETTLE_MS = 6000;

const TASKS = ['push', 'pull', 'one file'] as const;
type Task = (typeof TASKS)[number];

/** Shell commands that run in the project, with `$OUT` a folder of its own, `$ID` the backup and `$BACKUP` its folder. */
interface Contender extends Readonly<Record<Task, string>> {
  readonly name: string;
  /** Succeeds where the tool is installed; prints its version. */
  readonly probe: string;
  /** Before each push, outside of the clock. */
  readonly prepare: string;
  /** Fails unless the pull brought back what was pushed. */
  readonly isPulled: string;
  /** Prints the small file. */
  readonly found: string;
}

const migbackup =
  process.env['MIGBACKUP_BIN'] ?? `"${process.execPath}" "${path.join(import.meta.dirname, '../bin/run.js')}"`;
const SYNC = 'sync -f "$OUT/pulled"';

const CONTENDERS: readonly Contender[] = [
  {
    name: 'migbackup',
    probe: `${migbackup} --version`,
    prepare: 'true',
    push: `${migbackup} push "$ID" --remote off --yes --quiet`,
    pull: `${migbackup} pull "$ID" --remote off --backups "$OUT/pulled" --yes --quiet`,
    'one file': `${migbackup} restore "$ID" --remote off --only ${SMALL} --to "$OUT/one" --yes --quiet`,
    isPulled: 'diff -r "$BACKUP" "$OUT/pulled/$ID"',
    found: `cat "$OUT/one/${SMALL}"`,
  },
  {
    name: 'rclone',
    probe: 'rclone version',
    prepare: 'true',
    push: `rclone copy "$BACKUP" off:${BUCKET}/rclone`,
    pull: `rclone copy off:${BUCKET}/rclone "$OUT/pulled" && ${SYNC}`,
    // It knows the files of a backup, and none that is in one.
    'one file': '',
    isPulled: 'diff -r "$BACKUP" "$OUT/pulled"',
    found: '',
  },
  {
    name: 'restic',
    probe: 'restic version',
    prepare: 'rm -rf "$OUT/cache" && restic init -q',
    push: 'restic backup -q deployments',
    pull: `restic restore latest -q --target "$OUT/pulled" && ${SYNC}`,
    'one file': `restic restore latest -q --target "$OUT/one" --include "/${SMALL}"`,
    isPulled: 'diff -r deployments "$OUT/pulled/deployments"',
    found: `find "$OUT/one" -name ${path.basename(SMALL)} -exec cat {} +`,
  },
];

/** No tool sees anybody's own settings or caches. */
function environment(out: string, endpoint: string, more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { accessKeyId, secretAccessKey } = keysOf('owner');
  return {
    PATH: process.env['PATH'],
    HOME: out,
    OUT: out,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    RCLONE_CONFIG_OFF_TYPE: 's3',
    RCLONE_CONFIG_OFF_PROVIDER: 'Ceph',
    RCLONE_CONFIG_OFF_ENV_AUTH: 'true',
    RCLONE_CONFIG_OFF_ENDPOINT: endpoint,
    RESTIC_REPOSITORY: `s3:${endpoint}/${BUCKET}/restic`,
    RESTIC_PASSWORD: 'bench',
    RESTIC_CACHE_DIR: path.join(out, 'cache'),
    ...more,
  };
}

/** A project, and one backup of it. */
function makeProject(root: string, endpoint: string): void {
  const folder = path.join(root, path.dirname(SMALL));
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(root, 'package.json'), '{"name":"bench"}\n');
  fs.writeFileSync(path.join(root, SMALL), '{"name":"Token"}\n');
  const remotes = { off: { url: `s3://${BUCKET}/migbackup`, endpoint, region: 'us-east-1' } };
  fs.writeFileSync(path.join(root, 'migbackup.config.json'), JSON.stringify({ remotes }));
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  const block = Buffer.alloc(MIB);
  for (let file = 0; file < FILES; file++) {
    const fd = fs.openSync(path.join(folder, `${file}.bin`), 'wx');
    for (let at = 0; at < FILE_BYTES; at += MIB) fs.writeSync(fd, noise.update(block));
    fs.closeSync(fd);
  }
}

async function emptyBucket(client: S3Client): Promise<void> {
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    if (Contents.length === 0) break;
    const Objects = Contents.map(({ Key }) => ({ Key }));
    await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }));
  }
  await client.send(new DeleteBucketCommand({ Bucket: BUCKET }));
  await sleep(SETTLE_MS);
}

/** Samples by contender and task. A warm-up comes first and is not among them. */
async function runAll(gateway: Gateway, work: string, rounds: number): Promise<Map<string, Sample[]>> {
  const { endpoint } = gateway;
  const root = path.join(work, 'project');
  makeProject(root, endpoint);
  const made = ask(`${migbackup} create --json`, root, environment(work, endpoint, {}));
  if (made === null) throw new Error('migbackup does not run here: npm run build');
  const { backupId, folder }: { backupId: string; folder: string } = JSON.parse(made);
  const more = { ID: backupId, BACKUP: folder };
  const versions = new Map(CONTENDERS.map((one) => [one, ask(one.probe, root, process.env)]));
  for (const [{ name }, version] of versions)
    process.stdout.write(`${version === null ? `${name} is not installed` : version.split('\n')[0]}\n`);
  const here = CONTENDERS.filter((one) => versions.get(one) !== null);
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: keysOf('owner') });
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round <= rounds; round++) {
    // Nobody always comes after the same one.
    for (const one of [...here.slice(round % here.length), ...here.slice(0, round % here.length)]) {
      const out = path.join(work, 'out');
      fs.mkdirSync(out);
      const env = environment(out, endpoint, more);
      const must = (command: string): string => {
        const said = ask(command, root, env);
        if (said === null) throw new Error(`failed: ${command}`);
        return said;
      };
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
      must(one.prepare);
      for (const task of TASKS) {
        if (one[task] === '') continue;
        must('sync -f "$OUT" && cat "$BACKUP"/* deployments/mainnet/* > /dev/null 2>&1 || true');
        const sample = measure(one[task], root, env);
        if (task === 'pull') must(one.isPulled);
        if (task === 'one file' && must(one.found) !== '{"name":"Token"}')
          throw new Error(`${one.name} did not restore ${SMALL}`);
        if (round > 0) samples.set(`${one.name} ${task}`, [...(samples.get(`${one.name} ${task}`) ?? []), sample]);
      }
      fs.rmSync(out, { recursive: true, force: true });
      await emptyBucket(client);
    }
  }
  return samples;
}

/** As Markdown, for docs/performance.md. */
function tableOf(samples: ReadonlyMap<string, readonly Sample[]>): string {
  const lines = ['| | seconds (min-max) | CPU seconds | peak MiB | migbackup takes |', '|---|---|---|---|---|'];
  for (const task of TASKS) {
    let ours = Number.NaN;
    for (const { name } of CONTENDERS) {
      const taken = samples.get(`${name} ${task}`) ?? [];
      if (taken.length === 0) continue;
      const { median, min, max } = spread(taken.map(({ seconds }) => seconds));
      const cpu = spread(taken.map(({ cpuSeconds }) => cpuSeconds)).median;
      const peak = Math.max(...taken.map(({ peakMiB }) => peakMiB));
      const isOurs = name === CONTENDERS[0]?.name;
      if (isOurs) ours = median;
      const ratio = isOurs ? '' : `${(ours / median).toFixed(2)} x`;
      lines.push(
        `| ${task}, ${name} | ${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)}) | ${cpu.toFixed(2)} | ${peak.toFixed(0)} | ${ratio} |`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, json: { type: 'string' } } });
if (!/^[1-9]\d*$/.test(values.rounds)) {
  process.stderr.write('--rounds is a number, from 1 on\n');
  process.exit(1);
}
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-bench-'));
try {
  await using gateway = await startGateway(
    bringPrograms((line) => process.stderr.write(`${line}\n`)),
    undefined,
    'older clients',
  );
  const samples = await runAll(gateway, work, Number(values.rounds));
  process.stdout.write(tableOf(samples));
  if (values.json !== undefined) fs.writeFileSync(values.json, `${JSON.stringify([...samples], null, 2)}\n`);
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
