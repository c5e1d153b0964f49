import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkoutBin } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

test.runIf(process.platform === 'linux')(
  'a project whose path is not UTF-8 is refused by that name, and nothing is made',
  () => {
    using temp = tempFolder();
    const script = `cd "$1"; root=$(printf 'bad\\377'); mkdir "$root"; echo '{}' > "$root/package.json"
    "$2" "$3" create --root "$root"; (cd "$root"; "$2" "$3" create); find . -mindepth 2 | wc -l`;
    const args = ['-c', script, '-', temp.path, process.execPath, checkoutBin];
    const { stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8' });
    expect(stderr.match(/the path of the project is not UTF-8/g), stderr).toHaveLength(2);
    expect(stderr.match(/\(USAGE\)/g)).toHaveLength(2);
    expect(stderr).toContain('Rename the folder');
    expect(stdout.trim()).toBe('1');
    // Node cannot name it to remove it.
    execFileSync('bash', ['-c', 'rm -rf -- *', '-'], { cwd: path.resolve(temp.path) });
  },
);
