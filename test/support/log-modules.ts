/** Loaded before a program (`--import`): writes the URL of each module that it loads to the file that LOADED_MODULES names, one a line. */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const log = process.env['LOADED_MODULES'] ?? '';
registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(log, `${url}\n`);
    return nextLoad(url, context);
  },
});
