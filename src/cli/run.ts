import { dirname } from 'node:path';
import { run as runOclif } from '@oclif/core';
import { embeddedPlugin, type Loaders } from './embedded-plugin.ts';
import { EXIT } from './exit-code.ts';
import { outliveLostOutput } from './output.ts';
import { readPackageFiles } from './package-files.ts';
import { reportError } from './report-error.ts';
import { unknownCommand } from './usage-error.ts';
import { wantsJson } from './wants-json.ts';

/** Runs one command line to its end and sets `process.exitCode`; every error is shown here and nowhere else. */
export async function main(argv: string[], loaders: Loaders): Promise<void> {
  // A run that ends without setting another exit code is a bug, never a success.
  process.exitCode = EXIT.bug;
  outliveLostOutput();
  const json = wantsJson(argv, process.env);
  process.once('uncaughtException', (error) => process.exit(reportError(error, json)));

  const onUnfinished = () => reportError(new Error('the command ended before it was done'), json);
  process.once('beforeExit', onUnfinished);

  const files = readPackageFiles();
  const { packageJson, manifest } = files;
  const root = dirname(process.execPath);
  const plugin = embeddedPlugin(files, loaders, root);
  try {
    const unknown = unknownCommand(argv, manifest);
    if (unknown) throw unknown;
    const loadOptions = { root, pjson: packageJson, plugins: new Map([[plugin.name, plugin]]) };
    const exitCode = await runOclif(argv, loadOptions);
    process.exitCode = typeof exitCode === 'number' ? exitCode : EXIT.done;
  } catch (error) {
    const { asUsageError } = await import('./parse-error.ts');
    process.exitCode = reportError(asUsageError(error, argv, manifest), json);
  } finally {
    process.off('beforeExit', onUnfinished);
    // Everything is printed and written by then. Node's own shutdown removes the signal handlers first: for some milliseconds a signal would end the
    // process with its own exit code, and a finished restore would look like an interrupted one.
    process.once('exit', () => process.exit());
  }
}
