/** A real node, Hardhat's, and real contracts, those of OpenZeppelin. `npm run test:chain` installs them in tools/chain. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const TOOLS = fileURLToPath(new URL('../../tools/chain', import.meta.url));
const CLI = path.join(TOOLS, 'node_modules/hardhat/dist/src/cli.js');
const CONTRACTS = path.join(TOOLS, 'node_modules/@openzeppelin/contracts/build/contracts');

export interface Artifact {
  readonly contractName: string;
  readonly abi: readonly unknown[];
  readonly bytecode: string;
  readonly deployedBytecode: string;
}

/** The artifact of a contract of OpenZeppelin, as its package has it. */
export function artifactOf(name: string): Artifact {
  return JSON.parse(readFileSync(path.join(CONTRACTS, `${name}.json`), 'utf8'));
}

export interface Receipt {
  readonly status: string;
  readonly contractAddress: string;
}

export interface HardhatNode extends AsyncDisposable {
  readonly url: string;
  /** The first of the node's accounts, which signs everything. */
  readonly account: string;
  rpc<T>(method: string, ...params: readonly unknown[]): Promise<T>;
  /** Sends a transaction and returns its receipt. */
  send(to: string | null, data: string): Promise<Receipt>;
  /** Deploys a contract. @param words of 32 bytes, in hex without 0x: the encoded arguments of the constructor */
  deploy(name: string, ...words: readonly string[]): Promise<string>;
}

/** A number or an address as a word of the ABI. */
export function word(value: string | number): string {
  return (typeof value === 'number' ? value.toString(16) : value.slice(2).toLowerCase()).padStart(64, '0');
}

/** Starts a node on a free port of loopback. */
export async function startHardhat(chainId: number): Promise<HardhatNode> {
  const home = mkdtempSync(path.join(TOOLS, 'node_modules', '.node-'));
  writeFileSync(
    path.join(home, 'hardhat.config.js'),
    `export default { networks: { node: { type: 'edr-simulated', chainId: ${chainId} } } };\n`,
  );
  writeFileSync(path.join(home, 'package.json'), '{"type":"module"}\n');
  const args = [CLI, 'node', '--hostname', '127.0.0.1', '--port', '0'];
  const child = spawn(process.execPath, args, {
    cwd: home,
    env: { ...process.env, HOME: home, CI: '1', HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => void child.on('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    const see = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on('data', see);
    child.stderr.on('data', see);
    void ended.then(() => reject(new Error(`the node did not start: ${said}`)));
  });
  const rpc = async <T>(method: string, ...params: readonly unknown[]): Promise<T> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const answer: { result: T; error?: { message: string } } = JSON.parse(await response.text());
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  };
  const [account] = await rpc<string[]>('eth_accounts');
  if (account === undefined) throw new Error('the node has no account');
  const send = async (to: string | null, data: string): Promise<Receipt> => {
    const hash = await rpc<string>('eth_sendTransaction', { from: account, data, ...(to !== null && { to }) });
    const receipt = await rpc<Receipt | null>('eth_getTransactionReceipt', hash);
    if (receipt?.status !== '0x1') throw new Error('the transaction failed');
    return receipt;
  };
  return {
    url,
    account,
    rpc,
    send,
    async deploy(name, ...words) {
      const { contractAddress } = await send(null, artifactOf(name).bytecode + words.join(''));
      return contractAddress;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
