import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface RpcRequest {
  readonly jsonrpc: string;
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

export type RpcAnswer = (request: RpcRequest, response: ServerResponse, incoming: IncomingMessage) => unknown;

export interface RpcServer extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
  /** In the order in which they came. */
  readonly requests: readonly RpcRequest[];
}

/** A real server on loopback that answers each request as it is told to, well or badly. */
export async function serveJsonRpc(answer: RpcAnswer): Promise<RpcServer> {
  const requests: RpcRequest[] = [];
  const take = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const request: RpcRequest = JSON.parse(Buffer.concat(parts).toString());
    requests.push(request);
    await answer(request, response, incoming);
  };
  const server = createServer((incoming, response) => void take(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An answer with this result, whatever is asked. */
export function result(value: unknown): RpcAnswer {
  return ({ id }, response) => response.end(JSON.stringify({ jsonrpc: '2.0', id, result: value }));
}
