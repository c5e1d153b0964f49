import type { Tool } from '../core/model/tool.ts';

/** Who writes reports and manifests. */
export function describeTool(version: string): Tool {
  return { name: 'migbackup', version, runtime: `node ${process.version} ${process.platform}-${process.arch}` };
}
