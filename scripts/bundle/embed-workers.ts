import { readFileSync } from 'node:fs';
import { build, type Plugin } from 'esbuild';
import { leaveOutUnused } from './leave-out-unused.ts';

/**
 * Code of threads, inside the bundle: every `x-worker-url.ts` names the `x-worker.ts` beside it by a `data:` URL instead of a file. A module
 * from such a URL can import nothing but what Node has built in, so no file of a working folder is ever loaded; and the single binary,
 * which has no files, needs no other way.
 */
export const embedWorkers: Plugin = {
  name: 'embed-workers',
  setup(bundler) {
    bundler.onLoad({ filter: /-worker-url\.ts$/ }, async ({ path: file }) => {
      const source = readFileSync(file, 'utf8');
      const name = /export const (\w+)/.exec(source)?.[1];
      if (name === undefined) throw new Error(`${file} exports no URL`);
      const worker = file.replace(/-url\.ts$/, '.ts');
      const { outputFiles, metafile } = await build({
        entryPoints: [worker],
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
        contents: `export const ${name} = new URL(${JSON.stringify(url)});`,
        watchFiles: Object.keys(metafile.inputs),
      };
    });
  },
};
