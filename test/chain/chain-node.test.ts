import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ChainNode, NoAnswer } from '../../src/core/chain/chain-node.ts';
import { result, type RpcAnswer, type RpcServer, serveJsonRpc } from '../servers/json-rpc.ts';

const PATIENCE = { requestMs: 400, chainMs: 1500 };

/** The path may be a key. */
function urlOf({ origin }: RpcServer): URL {
  return new URL('/v3/a-secret-key-0123', origin);
}

/** What the node was found to say, or the reason why it said nothing. */
async function chainIdOf(answer: RpcAnswer, signal?: AbortSignal): Promise<string> {
  await using server = await serveJsonRpc(answer);
  try {
    return await new ChainNode(urlOf(server), signal, PATIENCE).chainId();
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    expect(error.message).not.toContain('secret');
    return error.message;
  }
}

test('a chain id is read as decimal', async () => {
  expect(await chainIdOf(result('0x38'))).toBe('56');
});

test.each<[string, RpcAnswer, string]>([
  [
    'a page',
    (_, response) => response.end('<!DOCTYPE html><title>Hello</title>'),
    'does not speak JSON-RPC: it answers eth_chainId with <!DOCTYPE html><title>Hello</title>',
  ],
  ['nothing', (_, response) => response.end(), 'does not speak JSON-RPC: it answers eth_chainId with '],
  ['a list', (_, response) => response.end('[]'), 'does not speak JSON-RPC: it answers eth_chainId with []'],
  [
    'brackets',
    (_, response) => response.end('['.repeat(1_500_000)),
    `does not speak JSON-RPC: it answers eth_chainId with ${'['.repeat(200)}`,
  ],
  [
    'too much',
    (_, response) => response.end(`{"result":"${'0'.repeat(5 << 20)}"}`),
    'gives an answer of more than 4 MiB',
  ],
  [
    'another id',
    (_, response) => response.end('{"jsonrpc":"2.0","id":77,"result":"0x1"}'),
    'answers eth_chainId with the answer to another request',
  ],
  [
    'no result',
    ({ id }, response) => response.end(JSON.stringify({ id })),
    'does not speak JSON-RPC: it answers eth_chainId with {"id":1}',
  ],
  ['null', result(null), 'answers eth_chainId with null'],
  ['a number', result(56), 'answers eth_chainId with 56'],
  ['text that is no hex', result('mainnet'), 'answers eth_chainId with "mainnet"'],
  ['control characters', result('\u001b[31mred\u0007'), String.raw`answers eth_chainId with "\u001b[31mred\u0007"`],
  [
    'an error',
    ({ id }, response) => response.end(JSON.stringify({ id, error: { code: -32601, message: 'no such method' } })),
    'answers eth_chainId with the error -32601 no such method',
  ],
  [
    'an error with the key',
    ({ id }, response) =>
      response.end(JSON.stringify({ id, error: { code: 1, message: 'a-secret-key-0123 is not valid' } })),
    'answers eth_chainId with the error 1 … is not valid',
  ],
  ['unauthorised', (_, response) => response.writeHead(401).end('no'), 'answers eth_chainId with HTTP 401'],
  ['a server error', (_, response) => response.writeHead(502).end('<html>'), 'answers eth_chainId with HTTP 502'],
  [
    'elsewhere',
    (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    'redirects to another place (HTTP 302), which is not followed',
  ],
  ['half an answer', (_, response) => response.write('{"jsonrpc"', () => response.destroy()), 'breaks its answer off'],
  ['never', () => {}, 'gave no whole answer to eth_chainId within 0.4 s'],
  [
    'a byte at a time',
    async (_, response) => {
      for (let sent = 0; sent < 30 && !response.destroyed; sent++) {
        response.write(' ');
        await pause(50);
      }
    },
    'gave no whole answer to eth_chainId within 0.4 s',
  ],
])('%s is its own answer', async (_, answer, said) => {
  const began = performance.now();
  expect((await chainIdOf(answer)).slice(0, said.length)).toBe(said);
  expect(performance.now() - began).toBeLessThan(5000);
});

test('what may be a key is hidden in whatever a node says', async () => {
  const header = Buffer.from('me:p4s').toString('base64');
  const said = [`Basic ${header}`, 'p4s', 'sekret', 'SEKRET', 'q%C3%A4y-1234', 'qäy-1234', `${'x'.repeat(195)}Sekret`];
  for (const text of said) {
    await using server = await serveJsonRpc((_, response) => response.end(text));
    const url = new URL(`${server.origin.replace('//', '//me:p4s@')}/v3/Sekret/x?apikey=q%C3%A4y-1234`);
    const message = await new ChainNode(url, undefined, PATIENCE)
      .chainId()
      .catch((error: unknown) => (error instanceof NoAnswer ? error.message : 'no error'));
    expect(message).toMatch(/^does not speak JSON-RPC: it answers eth_chainId with .*…$/);
    for (const key of [header, 'p4s', 'ekre', 'EKRE', '1234']) expect(message).not.toContain(key);
  }
});

test('a function that fails is an answer', async () => {
  const error = { code: 3, message: 'execution reverted' };
  await using server = await serveJsonRpc(({ id }, response) => response.end(JSON.stringify({ id, error })));
  expect(await new ChainNode(urlOf(server), undefined, PATIENCE).view('0x1', '0x5c60da1b', 1)).toBeNull();
});

test.each<[string, string, string]>([
  ['an error whose number is an object', '"error":{"code":{"toString":1,"valueOf":1},"message":"no"}', 'the error no'],
  ['lists without end', `"result":${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'a list or an object'],
])('%s is no bug of ours', async (_, body, said) => {
  expect(await chainIdOf((_request, response) => response.end(`{"id":1,${body}}`))).toBe(
    `answers eth_chainId with ${said}`,
  );
});

test('nobody listens', async () => {
  let url: URL;
  {
    await using server = await serveJsonRpc(() => {});
    url = urlOf(server);
  }
  await expect(new ChainNode(url, undefined, PATIENCE).chainId()).rejects.toThrow(/^cannot be reached: .*ECONNREFUSED/);
});

test.each<[string, (id: number) => [number, object]]>([
  ['too many requests', () => [429, {}]],
  ['a limit', (id) => [200, { id, error: { code: -32005, message: 'limit exceeded' } }]],
  ['a server that lags behind', (id) => [200, { id, error: { code: -32000, message: 'header not found' } }]],
])('%s: it is asked again', async (_, refusal) => {
  let asked = 0;
  const said = await chainIdOf(({ id }, response) => {
    const [status, body] = refusal(id);
    if (asked++ === 0) response.writeHead(status).end(JSON.stringify(body));
    else response.end(JSON.stringify({ id, result: '0x1' }));
  });
  expect([said, asked]).toEqual(['1', 2]);
});

test('one that never has time ends with the time for all answers', async () => {
  const began = performance.now();
  expect(await chainIdOf((_, response) => response.writeHead(429).end())).toContain('too many requests (HTTP 429)');
  expect(performance.now() - began).toBeLessThan(3000);
});

test('a signal interrupts a request', async () => {
  const signal = AbortSignal.timeout(100);
  await expect(chainIdOf(() => {}, signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

test('a user and a password in the URL become a header, and the URL is not shown', async () => {
  await using server = await serveJsonRpc(result('0x1'));
  const seen: (string | undefined)[] = [];
  await using other = await serveJsonRpc(({ id }, response, { headers }) => {
    seen.push(headers.authorization);
    response.end(JSON.stringify({ id, result: '0x1' }));
  });
  const url = Object.assign(urlOf(other), { username: 'me', password: 'p%40ss%zz' });
  const node = new ChainNode(url, undefined, PATIENCE);
  expect(await node.chainId()).toBe('1');
  expect(seen).toEqual([`Basic ${Buffer.from('me:p%40ss%zz').toString('base64')}`]);
  expect(node.shown).toBe(other.origin);
  expect(new ChainNode(urlOf(server)).shown).not.toContain('secret');
});

test('a block, a slot and code are read only if they are such', async () => {
  const answers: Record<string, unknown> = {};
  await using server = await serveJsonRpc((request, response, incoming) =>
    result(answers[request.method])(request, response, incoming),
  );
  const node = new ChainNode(urlOf(server), undefined, PATIENCE);
  const hash = `0x${'a'.repeat(64)}`;
  answers['eth_getBlockByNumber'] = { number: '0x10', hash, timestamp: '0x6553f100' };
  expect(await node.block()).toEqual({ number: 16, hash, time: '2023-11-14T22:13:20.000Z' });
  for (const bad of [
    null,
    {},
    { number: '16', hash, timestamp: '0x1' },
    { number: '0x10', hash, timestamp: `0x${'f'.repeat(60)}` },
  ]) {
    answers['eth_getBlockByNumber'] = bad;
    await expect(node.block(), JSON.stringify(bad)).rejects.toThrow(NoAnswer);
  }
  // Some nodes leave out leading zeros.
  answers['eth_getStorageAt'] = '0x5';
  expect((await node.slot('0x1', '0x0', 16)).toString('hex')).toBe('5'.padStart(64, '0'));
  answers['eth_getStorageAt'] = `0x${'0'.repeat(66)}`;
  await expect(node.slot('0x1', '0x0', 16)).rejects.toThrow('more than 32 bytes');
  answers['eth_getCode'] = '0x60806';
  await expect(node.code('0x1', 16)).rejects.toThrow('answers eth_getCode with "0x60806"');
  expect(server.requests.at(-1)).toEqual({ jsonrpc: '2.0', id: 8, method: 'eth_getCode', params: ['0x1', '0x10'] });
});
