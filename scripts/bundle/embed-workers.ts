import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { leaveOutUnused } from './leave-out-unused.ts';

const WORKER = /new URL\('(\.[^']+-worker\.ts)', import\.meta\.url\)/;

/**
 * Puts the code of threads into the bundle: if a source file names an `x-worker.ts` by its URL, the bundle has a `data:` URL instead. A module
 * from such a URL can import only what is built into Node, so no file of a working folder is ever loaded. The same works in the single binary,
 * which has no files.
 */
export const embedWorkers: Plugin = {
  name: 'embed-workers',
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]src[\\/]core[\\/].*\.ts$/ }, async ({ path: file }) => {
      const source = readFileSync(file, 'utf8');
      const worker = WORKER.exec(source)?.[1];
      if (worker === undefined) return undefined;
      const { outputFiles, metafile } = await build({
        entryPoints: [path.join(path.dirname(file), worker)],
        bundle: true,
        write: false,
        metafile: true,
        platform: 'node',
        target: 'node22.18',
        format: 'esm',
        minifySyntax: true,
        minifyWhitespace: true,
        legalComments: 'none',
        logLevel: 'warning',
        plugins: [leaveOutUnused],
      });
      const code = outputFiles[0]?.contents ?? new Uint8Array();
      const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
      return {
        contents: source.replace(WORKER, () => `new URL(${JSON.stringify(url)})`),
        loader: 'ts',
        watchFiles: Object.keys(metafile.inputs),
      };
    });
  },
};
