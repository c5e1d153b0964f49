import { lstatOrNull } from '../../fs/durable.ts';
import { toNative } from '../../paths/paths.ts';
import type { Project } from '../../model/category.ts';
import type { CheckResult } from '../../model/validate-report.ts';

/** Which configuration is used (an invalid one ends every command with exit 2), and what it names that is not there: often a misspelt path. */
export function checkConfig({ root, config }: Project): CheckResult {
  const absent = config.written.filter((source) => lstatOrNull(toNative(root, source.path)) === null);
  const using = config.file === undefined ? 'no config file: the preset is used' : `config ${config.file}`;
  const count = `${absent.length} of its ${config.written.length} sources ${absent.length === 1 ? 'does' : 'do'} not exist`;
  return {
    id: 'config',
    group: 'configuration',
    status: absent.length === 0 ? 'ok' : 'info',
    message: absent.length === 0 ? using : `${using}: ${count}`,
    evidence: { file: config.file ?? null, categories: config.categories.map(({ name }) => name) },
    ...(absent.length === 0
      ? {}
      : {
          paths: absent.map((source) => source.path),
          recommendation: 'Check how they are spelt; "required" makes a backup fail without them.',
        }),
  };
}
