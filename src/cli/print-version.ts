import type { VersionReport } from '../core/model/version-report.ts';
import { readBuildFacts } from './build-facts.ts';
import { outliveLostOutput, printJson, printOut } from './output.ts';
import { wantsJson } from './wants-json.ts';

/** `migbackup --version`, without the command framework: scripts ask it often, and it must answer when all else is broken. */
export function printVersion(argv: readonly string[]): void {
  outliveLostOutput();
  const { version, commit, leveldb } = readBuildFacts();
  const { arch, platform, versions } = process;
  const report: VersionReport = { version, commit, node: versions.node, leveldb, platform: `${platform}-${arch}` };
  if (wantsJson(argv, process.env)) printJson(report);
  // The first three words are how oclif programs name themselves.
  else {
    const built = commit === null ? '' : ` commit-${commit}`;
    printOut(`migbackup/${version} ${report.platform} node-v${report.node} leveldb-${leveldb}${built}`);
  }
}
