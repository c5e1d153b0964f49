import zlib from 'node:zlib';
import type { CheckResult } from '../../model/validate-report.ts';

/** The oldest Node that has what we use: zstd, node:sqlite and type stripping. */
const OLDEST = [22, 18] as const;

/** The runtime can do what create and restore need. */
export function checkRuntime(): CheckResult {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  const zstd = typeof zlib.zstdCompressSync === 'function';
  const good = recent && zstd;
  return {
    id: 'runtime',
    group: 'prerequisites',
    status: good ? 'ok' : 'critical',
    message: good
      ? `Node ${process.versions.node} on ${process.platform}-${process.arch}`
      : `Node ${process.versions.node} is too old`,
    evidence: { node: process.versions.node, platform: process.platform, arch: process.arch, zstd },
    ...(good ? {} : { recommendation: `Use Node ${OLDEST.join('.')} or newer, or the single binary.` }),
  };
}
