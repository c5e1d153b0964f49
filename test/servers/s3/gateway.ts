/**
 * A Ceph cluster of one monitor, one store in memory and one S3 gateway, on loopback. It has a folder for its logs and sockets, and ends with the process
 * that started it, however that ends.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Programs } from './programs.ts';

/** Who may sign in: the owner of all buckets, and two that may do what a bucket's policy lets them. */
const USERS = ['owner', 'pusher', 'reader'] as const;
export type User = (typeof USERS)[number];

export interface Gateway extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
}

/** The keys of a user of the gateway. */
export function keysOf(user: User): { accessKeyId: string; secretAccessKey: string } {
  return { accessKeyId: `${user}-key`, secretAccessKey: `${user}-secret` };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return address.port;
}

/** @param port of the gateway; a free one if undefined @param accepts `older clients` also those that do not sign every header, as restic */
export async function startGateway(
  programs: Programs,
  port?: number,
  accepts: 'strict clients' | 'older clients' = 'strict clients',
): Promise<Gateway> {
  // A port may be taken between the look and the use.
  for (let attempt = 1; ; attempt++) {
    const at = port ?? (await freePort());
    try {
      return await bringUp(programs, at, accepts === 'older clients');
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function bringUp(programs: Programs, port: number, isLax: boolean): Promise<Gateway> {
  const folder = mkdtempSync(path.join(tmpdir(), 'migbackup-s3-'));
  const endpoint = `http://127.0.0.1:${port}`;
  const daemons: Daemon[] = [];
  const stop = async (): Promise<void> => {
    // At once and the last first: all data is in memory, and a gateway that loses its cluster would wait for it.
    for (const daemon of daemons.toReversed()) daemon.process.kill('SIGKILL');
    await Promise.all(daemons.map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const name of ['mon', 'osd', 'rgw', 'run', 'log']) mkdirSync(path.join(folder, name));
    const ids = { cluster: randomUUID(), osd: randomUUID(), monitor: await freePort() };
    const config = path.join(folder, 'ceph.conf');
    writeFileSync(config, configOf(folder, programs.libraries, ids, port, isLax));
    const call = async (program: string, ...args: string[]): Promise<void> => {
      const [loader, ...rest] = programs.command(program, ...args);
      await promisify(execFile)(loader, rest, { cwd: folder, timeout: 60_000 });
    };
    const daemon = (program: string, ...args: string[]): void => {
      daemons.push(startDaemon(folder, program, programs.command(program, '-c', config, ...args, '-f')));
    };
    // The first maps are made with their own tools, so that no client in Python is needed to ask a monitor for them.
    const monitorAt = ['--fsid', ids.cluster, '--addv', 'a', `v2:127.0.0.1:${ids.monitor}`];
    await call('monmaptool', '--create', ...monitorAt, 'monmap');
    await call('osdmaptool', '--createsimple', '1', 'osdmap');
    writeFileSync(path.join(folder, 'keyring'), '');
    for (const name of ['mon.', 'osd.0', 'client.rgw'])
      await call(
        'ceph-authtool',
        'keyring',
        '--gen-key',
        '-n',
        name,
        ...['mon', 'osd'].flatMap((to) => ['--cap', to, 'allow *']),
      );
    await call(
      'ceph-mon',
      '-c',
      config,
      '--mkfs',
      '-i',
      'a',
      '--monmap',
      'monmap',
      '--osdmap',
      'osdmap',
      '--keyring',
      'keyring',
    );
    await call('ceph-osd', '-c', config, '-i', '0', '--mkfs', '--no-mon-config');
    daemon('ceph-mon', '-i', 'a');
    daemon('ceph-osd', '-i', '0');
    daemon('radosgw', '-n', 'client.rgw');
    await untilItAnswers(endpoint, daemons, folder);
    for (const user of USERS) {
      const { accessKeyId, secretAccessKey } = keysOf(user);
      const keys = ['--access-key', accessKeyId, '--secret', secretAccessKey];
      await call(
        'radosgw-admin',
        '-c',
        config,
        '-n',
        'client.rgw',
        'user',
        'create',
        '--uid',
        user,
        '--display-name',
        user,
        ...keys,
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, [Symbol.asyncDispose]: stop };
}

interface Daemon {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
}

function startDaemon(folder: string, program: string, command: readonly string[]): Daemon {
  // The kernel ends it if we are killed.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(path.join(folder, 'log', `${program}.out`));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return { process: child, ended: new Promise((resolve) => void child.on('close', () => log.end(resolve))) };
}

async function untilItAnswers(endpoint: string, daemons: readonly Daemon[], folder: string): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    const dead = daemons.find(({ process }) => process.exitCode !== null || process.signalCode !== null);
    if (dead !== undefined || Date.now() > until) {
      const said = ['ceph-mon', 'ceph-osd', 'radosgw'].map((name) =>
        readFileSync(path.join(folder, 'log', `${name}.out`), 'utf8').slice(-1000),
      );
      throw new Error(`the gateway did not start:\n${said.join('\n')}`);
    }
    const answer = await fetch(endpoint, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    if (answer?.status === 200) return;
    await sleep(50);
  }
}

/** One of everything, nothing replicated, and nothing kept that a test does not need. */
function configOf(
  folder: string,
  libraries: string,
  ids: { cluster: string; osd: string; monitor: number },
  port: number,
  isLax: boolean,
): string {
  const sections = {
    global: {
      fsid: ids.cluster,
      'mon host': `v2:127.0.0.1:${ids.monitor}`,
      'public addr': '127.0.0.1',
      'cluster addr': '127.0.0.1',
      keyring: `${folder}/keyring`,
      'plugin dir': `${libraries}/ceph`,
      'erasure code dir': `${libraries}/ceph/erasure-code`,
      'osd class dir': `${libraries}/rados-classes`,
      'osd pool default size': 1,
      'osd pool default min size': 1,
      'osd pool default pg num': 1,
      'osd pool default pg autoscale mode': 'off',
      'mon allow pool size one': true,
      'osd crush chooseleaf type': 0,
      'osd objectstore': 'memstore',
      'memstore device bytes': 6 * 2 ** 30,
      'mon data avail warn': 1,
      'mon data avail crit': 1,
      // Changes of the map are agreed on with oneself: no reason to wait a second for more of them.
      'paxos propose interval': 0.02,
      'paxos min wait': 0.01,
      'admin socket': '',
      'run dir': `${folder}/run`,
      'crash dir': `${folder}/log`,
      'log file': `${folder}/log/$name.log`,
    },
    'mon.a': { 'mon data': `${folder}/mon` },
    'osd.0': { 'osd data': `${folder}/osd`, 'osd uuid': ids.osd },
    'client.rgw': {
      'rgw data': `${folder}/rgw`,
      'rgw frontends': `beast endpoint=127.0.0.1:${port}`,
      'rgw enable apis': 's3, admin',
      'rgw run sync thread': false,
      'rgw sigv4 insecure': isLax,
      // What was removed gives its memory back within seconds.
      'rgw gc obj min wait': 1,
      'rgw gc processor period': 5,
      'rgw gc processor max time': 5,
      'rgw gc max objs': 1,
      'rgw lc max objs': 1,
    },
  };
  const lines = Object.entries(sections).map(([name, settings]) =>
    [`[${name}]`, ...Object.entries(settings).map(([key, value]) => `${key} = ${value}`)].join('\n'),
  );
  return `${lines.join('\n')}\n`;
}
