import { cpSync } from 'node:fs';
import path from 'node:path';
import { resolveProject } from '../../src/core/config/project.ts';
import type { Project } from '../../src/core/model/category.ts';
import type { Context } from '../../src/core/model/event.ts';
import { create } from '../../src/core/operations/create.ts';
import { makeSampleProject } from './sample-project.ts';
import { tempFolder } from './temp-folder.ts';

export const context: Context = { tool: { name: 'migbackup', version: 'test', runtime: 'node' } };

/** A project with a real database, and one good backup of it. */
export interface RealBackup extends Disposable {
  readonly root: string;
  readonly project: Project;
  readonly id: string;
  readonly folder: string;
  /** Copies the backup to a new folder of the same name, to be damaged there. */
  copy(): string;
}

export async function makeRealBackup(): Promise<RealBackup> {
  const temp = tempFolder();
  const root = path.join(temp.path, 'project');
  await makeSampleProject(root);
  const project = resolveProject({ cwd: root, env: {} });
  const { backupId: id, folder } = await create(project, { verify: true, allowPartial: false }, context);
  let copies = 0;
  return {
    root,
    project,
    id,
    folder,
    copy() {
      const to = path.join(temp.path, `copy-${copies++}`, id);
      cpSync(folder, to, { recursive: true });
      return to;
    },
    [Symbol.dispose]: () => temp[Symbol.dispose](),
  };
}
