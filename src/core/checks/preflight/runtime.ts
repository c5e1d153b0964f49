import zlib from 'node:zlib';
import type { CheckResult } from '../../model/validate-report.ts';

/** The oldest Node that has what we use: zstd, node:sqlite and type stripping. */
const OLDEST = [22, 18] as const;

export interface Runtime {
  readonly node: string;
  readonly zstd: boolean;
}

const thisRuntime = (): Runtime => ({
  node: process.versions.node,
  zstd: typeof zlib.zstdCompressSync === 'function',
});

/** The runtime can do what create and restore need. */
export function checkRuntime({ node, zstd }: Runtime = thisRuntime()): CheckResult {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const recent = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  const good = recent && zstd;
  const { platform, arch } = process;
  return {
    id: 'runtime',
    group: 'prerequisites',
    status: good ? 'ok' : 'critical',
    message: good ? `Node ${node} on ${platform}-${arch}` : `Node ${node} ${recent ? 'has no zstd' : 'is too old'}`,
    evidence: { node, platform, arch, zstd },
    ...(good ? {} : { recommendation: `Use Node ${OLDEST.join('.')} or newer, or the single binary.` }),
  };
}
