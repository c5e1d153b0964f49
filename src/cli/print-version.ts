import type { VersionReport } from '../core/model/version-report.ts';
import { readBuildFacts } from './build-facts.ts';
import { outliveLostOutput, printJson, printOut } from './output.ts';
import { describeTool } from './tool.ts';
import { wantsJson } from './wants-json.ts';

/** `migbackup --version`, without the command framework: scripts ask it often, and it must answer when all else is broken. */
export function printVersion(argv: readonly string[]): void {
  outliveLostOutput();
  const { version, commit, leveldb } = readBuildFacts();
  const report: VersionReport = { tool: describeTool(version), commit, leveldb };
  if (wantsJson(argv, process.env)) printJson(report);
  // Every program made with oclif prints these first three words.
  else {
    const built = commit === null ? '' : ` commit-${commit}`;
    printOut(
      `migbackup/${version} ${process.platform}-${process.arch} node-${process.version} leveldb-${leveldb}${built}`,
    );
  }
}
