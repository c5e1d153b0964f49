import fs from 'node:fs';
import path from 'node:path';
import type { Fault } from '../../transaction/support/faults.ts';
import type { OperationName } from './operations.ts';
import { SOURCES } from './product.ts';

/** One deliberate defect: in a copy of the sources some text stands for another. */
export interface Mutant {
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** The operation whose sweep must see it, and in which ways. */
  readonly operation: OperationName;
  readonly ways: readonly Omit<Fault, 'at'>[];
  /** The share of the calls before which it makes no difference. */
  readonly from?: number;
}

const SWAP = 'core/transaction/swap.ts';
const TRANSACTION = 'core/transaction/transaction.ts';
const KILL = [{ code: 'kill' }] as const;
const ERROR = [{ code: 'EIO' }] as const;

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'no journal fsync': {
    edits: [
      {
        file: 'core/fs/durable.ts',
        from: '      fs.fsyncSync(fd);\n    } finally {\n      fs.closeSync(fd);\n    }\n    fs.renameSync',
        to: '    } finally {\n      fs.closeSync(fd);\n    }\n    fs.renameSync',
      },
    ],
    from: 0.65,
    operation: 'restore',
    ways: [{ code: 'power' }],
  },
  'no fsync of what is staged': {
    edits: [{ file: 'core/transaction/tree-writer.ts', from: 'if (this.#syncAll === null) fs.fsyncSync(fd);', to: '' }],
    from: 0.65,
    operation: 'restore',
    ways: [{ code: 'power' }],
  },
  'merge instead of swap': {
    edits: [
      { file: SWAP, from: '  moveWhole(target, aside);\n}', to: '  if (!unit.tree) moveWhole(target, aside);\n}' },
      {
        file: SWAP,
        from: '  if (lstatOrNull(target) !== null) throw canBeSetAside ? new InTheWay(unit, staged) : targetChanged(unit.path);\n  if (!placeAt(staged, target)) throw new InTheWay(unit, staged);',
        to: `  if (unit.tree && lstatOrNull(target) !== null) {
    const old = fs.readdirSync(target);
    for (const name of old) if (!fs.existsSync(path.join(staged, name))) fs.rmSync(path.join(target, name));
    for (const name of fs.readdirSync(staged)) fs.renameSync(path.join(staged, name), path.join(target, name));
    fs.rmdirSync(staged);
  } else moveWhole(staged, target);`,
      },
      { file: SWAP, from: 'if (unit.hasNew && unit.old !== null && !staged && !aside)', to: 'if (false)' },
    ],
    from: 0.72,
    operation: 'restore',
    ways: ERROR,
  },
  'delete before rename': {
    edits: [{ file: SWAP, from: '  moveWhole(target, aside);\n}', to: '  fs.rmSync(target, { recursive: true });\n}' }],
    from: 0.72,
    operation: 'restore',
    ways: ERROR,
  },
  'swap before the journal': {
    edits: [
      { file: TRANSACTION, from: '    writeJournal(root, journal);\n', to: '' },
      { file: TRANSACTION, from: '    await check();\n', to: '    writeJournal(root, journal);\n    await check();\n' },
    ],
    from: 0.65,
    operation: 'restore',
    ways: KILL,
  },
  'an error is not taken back': {
    edits: [
      {
        file: TRANSACTION,
        from: '    await goBack(root, journal, error, surroundings);\n    throw error;',
        to: '    throw error;',
      },
    ],
    from: 0.72,
    operation: 'restore',
    ways: ERROR,
  },
  'the -wal of a database is not taken back': {
    edits: [
      {
        file: SWAP,
        from: 'for (const unit of database.all.toReversed()) takeOut(',
        to: 'for (const unit of database.all.slice(0, 1)) takeOut(',
      },
    ],
    from: 0.72,
    operation: 'restore',
    ways: ERROR,
  },
  'a failed way back is called a success': {
    edits: [
      {
        file: TRANSACTION,
        from: '    await takeBack(root, journal, [], surroundings);\n  } catch (cause) {\n    throw rollbackFailed(root, journal, cause, reason);',
        to: '    await takeBack(root, journal, [], surroundings);\n  } catch {\n    return;',
      },
    ],
    from: 0.72,
    operation: 'restore',
    ways: [{ code: 'EIO', forEver: true }],
  },
  'recovery forgets what was moved aside': {
    edits: [
      {
        file: TRANSACTION,
        from: '  const journal = readJournal(root);\n  if (journal === null) {\n    removeTree',
        to: '  const journal = readJournal(root);\n  if (journal !== null) {\n    removeTree',
      },
      {
        file: TRANSACTION,
        from: "    return 'removed-stage';\n  }\n",
        to: "    return 'removed-stage';\n  }\n  if (journal === null) return 'nothing';\n",
      },
    ],
    operation: 'recover: half moved aside',
    ways: KILL,
  },
  'recovery forgets the operation log': {
    edits: [
      {
        file: 'core/history/pending-operations.ts',
        from: 'return finished.filter(({ id }) => !logged.has(id));',
        to: 'return finished.filter(() => logged.size < 0);',
      },
    ],
    operation: 'recover: committed, not logged',
    ways: KILL,
  },
  'nobody cleans up': {
    edits: [
      {
        file: 'core/repository/work-folder.ts',
        from: '.filter((name) => removeLeftOver(path.join(repository, name), left));',
        to: ';',
      },
    ],
    operation: 'create',
    ways: KILL,
  },
  'a backup is written under its own name': {
    edits: [
      {
        file: 'core/repository/work-folder.ts',
        from: 'path.join(repository, PARTIAL_PREFIX + id)',
        to: 'path.join(repository, id)',
      },
      {
        file: 'core/repository/work-folder.ts',
        from: '    if (lstatOrNull(final) !== null) {',
        to: '    if (lstatOrNull(final) === null) {',
      },
      { file: 'core/repository/work-folder.ts', from: '    renameDurable(this.folder, final);\n', to: '' },
    ],
    operation: 'create',
    ways: KILL,
  },
  'prune removes in place': {
    edits: [
      {
        file: 'core/repository/work-folder.ts',
        from: 'const dead = path.join(repository, DEAD_PREFIX + id);\n  fs.renameSync(path.join(repository, id), dead);',
        to: 'const dead = path.join(repository, id);',
      },
    ],
    operation: 'prune',
    ways: KILL,
  },
  'what cannot be logged is forgotten': {
    edits: [
      {
        file: 'core/change/settle.ts',
        from: 'finished.filter((journal) => !unlogged.includes(journal))',
        to: 'finished',
      },
    ],
    operation: 'recover: committed, not logged',
    ways: ERROR,
  },
  'prune does not say how far it came': {
    edits: [{ file: 'core/operations/prune.ts', from: '`${gone} of ${remove.length} backups', to: '`backups' }],
    operation: 'prune',
    ways: ERROR,
  },
  'an unreadable path is taken for an absent one': {
    edits: [{ file: 'core/change/plan-restore.ts', from: 'refuseUnread(project.root, live', to: 'void (live' }],
    operation: 'restore',
    ways: ERROR,
  },
};

/** Writes a copy of the sources with the defect in it; its folder is the caller's. Throws if the text to change is not there exactly once. */
export function makeMutant({ edits }: Mutant, folder: string): string {
  const sources = path.join(folder, 'src');
  fs.cpSync(SOURCES, sources, { recursive: true });
  fs.symlinkSync(path.join(SOURCES, '../node_modules'), path.join(folder, 'node_modules'));
  fs.copyFileSync(path.join(SOURCES, '../package.json'), path.join(folder, 'package.json'));
  for (const { file, from, to } of edits) {
    const text = fs.readFileSync(path.join(sources, file), 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${file} does not hold exactly once: ${from}`);
    fs.writeFileSync(
      path.join(sources, file),
      text.replace(from, () => to),
    );
  }
  return sources;
}
