/** What the command line of `verify --chain` takes and refuses, and that the URL of a node, which may hold a key, is never written down. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RpcAnswer, type RpcServer, serveJsonRpc } from '../servers/json-rpc.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const KEY = 'k3y-0123456789abcdef';
const HASH = `0x${'a'.repeat(64)}`;

/** What a node says whose chain has code everywhere and no proxies; it repeats its URL in errors, as some do. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  eth_chainId: '0x38',
  eth_getBlockByNumber: { number: '0x10', hash: HASH, timestamp: '0x6553f100' },
  eth_getCode: '0x6001',
  eth_getStorageAt: `0x${'0'.repeat(64)}`,
};

const answer: RpcAnswer = ({ id, method }, response, { url = '' }) => {
  const said = url.includes('broken')
    ? { error: { code: 1, message: `bad key in ${url}` } }
    : { result: ANSWERS[method] };
  response.end(JSON.stringify({ jsonrpc: '2.0', id, ...said }));
};
let server: RpcServer;
let folder: TempFolder;
let origin: string;

beforeAll(async () => {
  folder = tempFolder();
  server = await serveJsonRpc(answer);
  ({ origin } = server);
  const contract = { address: `0x${'12'.repeat(20)}`, abi: [], transactionHash: HASH, deployedBytecode: '0x6001' };
  put(folder.path, 'deployments/bsc/.chainId', '56');
  put(folder.path, 'deployments/bsc/Token.json', JSON.stringify(contract));
  expect((await runCli(['create', '--root', folder.path])).exitCode).toBe(0);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function verify(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runCli(['verify', '--root', folder.path, ...args], { env });
}

/** Everything that a run leaves behind. */
function written(): string {
  return readdirSync(folder.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.tar'))
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

test.each([
  ['in the flag', [`--chain=56=URL`], {}],
  ['in the environment', ['--chain', '56'], { MIGBACKUP_CHAIN_56: 'URL' }],
])('the URL stands %s, and its key nowhere else', async (_, args, env: Record<string, string>) => {
  for (const place of [`/v3/${KEY}`, `/broken/${KEY}?apikey=${KEY}`]) {
    const url = origin.replace('//', `//user:${KEY}@`) + place;
    const log = path.join(folder.path, 'run.log');
    const { stdout, stderr, exitCode } = await verify(
      [...args.map((word) => word.replace('URL', url)), '--json', '--log-file', log, '--log-level', 'trace'],
      Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace('URL', url)])),
    );
    expect(exitCode).toBe(place.includes('broken') ? 4 : 0);
    const report = JSON.parse(stdout);
    expect(report.chains).toEqual([expect.objectContaining({ chainId: '56', node: origin })]);
    for (const text of [stdout, stderr, written()]) expect(text).not.toContain(KEY);
  }
});

test.each<[string, string[], string]>([
  ['no number', ['--chain', 'bsc=http://x/'], '--chain bsc is not a chain id'],
  ['a URL alone', ['--chain', `https://x/v3/${KEY}`], '--chain does not begin with a chain id'],
  ['a colon', ['--chain', `56:https://x/v3/${KEY}`], '--chain does not begin with a chain id'],
  ['the URL as a word of its own', ['--chain', '56', `https://x/v3/${KEY}`], 'a URL names no backup'],
  ['hex', ['--chain', '0x38=http://x/'], '--chain 0x38 is not a chain id'],
  ['no URL', ['--chain', '56'], '--chain 56 has no URL, and MIGBACKUP_CHAIN_56 is not set'],
  ['an empty URL', ['--chain', '56='], '--chain 56 has no URL'],
  ['a URL of another kind', ['--chain', `56=wss://x/${KEY}`], 'the URL of --chain 56 is not one of http or https'],
  ['no URL at all', ['--chain', `56=${KEY}`], 'the URL of --chain 56 is not one of http or https'],
  ['one chain twice', ['--chain', `56=http://x/${KEY}`, '--chain', '56=http://y/'], '--chain gives chain 56 twice'],
])('%s is refused, and nothing is asked', async (_, args, message) => {
  const { stderr, stdout, exitCode } = await verify(args);
  expect(stderr).toContain(message);
  expect(stdout + stderr).not.toContain(KEY);
  expect(exitCode).toBe(2);
});

test('it is not taken together with --all', async () => {
  const { stderr, exitCode } = await verify(['--all', '--chain', `56=http://x/${KEY}`]);
  expect(stderr).toMatch(/--all .*--chain|--chain .*--all/);
  expect(stderr).not.toContain(KEY);
  expect(exitCode).toBe(2);
});

test('what --only leaves out is not asked about', async () => {
  const { stdout } = await verify(['--chain', `56=${origin}/`, '--only', 'configs', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'NOTHING_SELECTED' } });
  put(folder.path, 'package.json', '{}');
  expect((await runCli(['create', '--root', folder.path])).exitCode).toBe(0);
  const { stdout: text, exitCode } = await verify(['--chain', `56=${origin}/`, '--only', 'configs']);
  expect(text).toContain('chain 56 is not proven: the backup records no address on it');
  expect(exitCode).toBe(4);
});

test('a backup whose manifest is damaged: the audit answers, and no chain is asked', async () => {
  const [id] = readdirSync(path.join(folder.path, 'backups')).filter((name) => name.startsWith('migration-'));
  put(folder.path, `backups/${id}/BACKUP_MANIFEST.json`, '{');
  const { stdout, exitCode } = await verify([id ?? '', '--chain', `56=${origin}/`]);
  expect(stdout).toContain('no chain was asked: the manifest cannot be read');
  expect(exitCode).toBe(4);
});

test('a chain that does not agree does not make the backup a bad one in the list', async () => {
  expect((await runCli(['create', '--root', folder.path])).exitCode).toBe(0);
  expect((await verify([])).exitCode).toBe(0);
  expect((await verify(['--chain', `1=${origin}/`])).exitCode).toBe(4);
  const { stdout } = await runCli(['list', '--root', folder.path, '--json']);
  expect(JSON.parse(stdout).backups[0].lastVerification.status).toBe('PASSED');
  const report = await runCli(['report', '--root', folder.path, '--json']);
  expect(JSON.parse(report.stdout).answers.verifiedInFull).toMatchObject({ yes: true });
});
