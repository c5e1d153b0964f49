import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveProject } from '../../../src/core/config/project.ts';
import type { Project, RemoteSettings } from '../../../src/core/model/category.ts';
import { listRemote } from '../../../src/core/operations/list/remote.ts';
import { machineFolder } from '../../../src/core/repository/remotes/machine-folder.ts';
import { context } from '../../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

/** Servers that answer with what no server should: nothing of it is believed, and none of it goes on without end. */

let temp: TempFolder;
let project: Project;
let asked: number;
let close: () => void;
let endpoint: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  temp = tempFolder();
  for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_PROFILE', 'AWS_CONFIG_FILE'])
    delete process.env[name];
  Object.assign(process.env, {
    XDG_STATE_HOME: path.join(temp.path, 'state'),
    XDG_CACHE_HOME: path.join(temp.path, 'cache'),
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'us-east-1',
  });
  const root = path.join(temp.path, 'project');
  mkdirSync(root);
  project = resolveProject({ cwd: root, root, env: {} });
  asked = 0;
  const server = createServer((request, response) => {
    asked++;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  endpoint = `http://127.0.0.1:${address.port}`;
  close = () => {
    server.closeAllConnections();
    server.close();
  };
});
afterEach(() => {
  close();
  temp[Symbol.dispose]();
});

function listed(settings: Partial<RemoteSettings> = { endpoint }, signal?: AbortSignal) {
  const remotes = { odd: { url: 's3://bucket/prefix', ...settings } };
  const wanted = { remote: 'odd', insecure: false, allProjects: true };
  const ours = { ...project, config: { ...project.config, remotes } };
  return listRemote(ours, wanted, signal === undefined ? context : { ...context, signal });
}

const page = (body: string, more = false): string =>
  `<ListVersionsResult><Name>bucket</Name><IsTruncated>${more}</IsTruncated>${body}</ListVersionsResult>`;
const version = (name: string): string =>
  `<Version><Key>prefix/v1/commits/migration-2026-11-23T07-38-00-123Z/${name}.json</Key><VersionId>v</VersionId><Size>2</Size><ETag>"e"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Version>`;

test.each([200, 500])('a list that never ends, called %i', async (status) => {
  answer = (_, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    const more = (): void => {
      while (!response.destroyed && response.write(' '.repeat(65_536)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  await expect(listed()).rejects.toMatchObject({ code: expect.stringMatching(/^REMOTE_/) });
});

test('Ctrl-C ends a list that comes byte by byte', { timeout: 20_000 }, async () => {
  const stop = new AbortController();
  answer = (_, response) => {
    response.writeHead(200).write('<');
    setTimeout(() => stop.abort(), 200);
  };
  const began = Date.now();
  await expect(listed({ endpoint }, stop.signal)).rejects.toMatchObject({
    code: 'INTERRUPTED',
    message: 'interrupted',
  });
  expect(Date.now() - began).toBeLessThan(10_000);
});

test('pages without keys do not go on for ever', { timeout: 60_000 }, async () => {
  answer = (_, response) =>
    void response.end(
      page(`<NextKeyMarker>k${asked}</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>`, true),
    );
  await expect(listed()).rejects.toMatchObject({ code: 'REMOTE_FAILED' });
  expect(asked).toBeLessThan(2000);
});

test.each(['<html><body>Sign in</body></html>', '<ListVersionsResult/>'])('%s is no empty remote', async (body) => {
  answer = (_, response) => void response.end(body);
  await expect(listed()).rejects.toMatchObject({ code: expect.stringMatching(/^REMOTE_/) });
});

test('a commit that may not be read is one that is refused, unless it is so with all', async () => {
  const names = ['1'.repeat(32), '2'.repeat(32)];
  let forbidden = new Set(names.slice(0, 1));
  answer = ({ url = '' }, response) => {
    if (url.includes('versions')) response.end(page(names.map(version).join('')));
    else if ([...forbidden].some((name) => url.includes(name))) response.writeHead(403).end();
    else response.setHeader('etag', '"e"').setHeader('content-length', 2).end('{}');
  };
  const report = await listed();
  expect(report.findings.map(({ code }) => code)).toEqual(['copy-refused', 'copy-refused']);
  expect(report.findings[0]?.message).toContain('s3:GetObject');
  forbidden = new Set(names);
  await expect(listed()).rejects.toMatchObject({ code: 'REMOTE_DENIED' });
});

test('plain http is refused also where a profile names the endpoint', async () => {
  answer = (_, response) => void response.end(page(''));
  const file = path.join(temp.path, 'aws-config');
  const url = endpoint.replace('127.0.0.1', '0.0.0.0');
  writeFileSync(
    file,
    `[profile ev]\nregion = us-east-1\naws_access_key_id = key\naws_secret_access_key = secret\nservices = ss\n[services ss]\ns3 =\n  endpoint_url = ${url}\n`,
  );
  delete process.env['AWS_ACCESS_KEY_ID'];
  Object.assign(process.env, { AWS_CONFIG_FILE: file, AWS_PROFILE: 'ev' });
  await expect(listed({ pathStyle: true })).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('--insecure'),
  });
  expect(asked).toBe(0);
});

test.each(['https://user:sekret@host', 'ftp://host', 'host', 'https://host/?a=b', 'https://host/#a'])(
  'the endpoint %s is refused, and not printed',
  async (odd) => {
    const error: unknown = await listed({ endpoint: odd }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'USAGE' });
    expect(JSON.stringify(error) + String(error)).not.toContain('sekret');
  },
);

test('a region that is none is a wrong command line', async () => {
  await expect(listed({ endpoint, region: 'a/../b' })).rejects.toMatchObject({ code: 'USAGE' });
});

test.skipIf(process.platform !== 'linux')('a home in which nothing can be made is no home', () => {
  process.env['XDG_STATE_HOME'] = '/proc/none';
  expect(machineFolder('state')).toBeNull();
});
