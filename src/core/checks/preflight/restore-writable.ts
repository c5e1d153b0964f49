import fs from 'node:fs';
import path from 'node:path';
import { toNative } from '../../fs/paths.ts';
import type { Project } from '../../model/category.ts';
import type { CheckResult } from '../../model/validate-report.ts';

/** Every folder that a restore would rename things in: the parent of each source, or its nearest existing ancestor. */
export function checkRestoreWritable(project: Project): CheckResult {
  const refused = new Set<string>();
  const places = new Set<string>([project.root]);
  for (const category of project.config.categories) {
    for (const source of category.sources) {
      let place = path.dirname(toNative(project.root, source.path === '.' ? 'x' : source.path));
      while (!fs.existsSync(place) && place !== project.root) place = path.dirname(place);
      places.add(place);
    }
  }
  for (const place of places) {
    try {
      fs.accessSync(place, fs.constants.W_OK | fs.constants.X_OK);
    } catch {
      refused.add(path.relative(project.root, place) || '.');
    }
  }
  if (refused.size === 0) {
    return {
      id: 'restore-writable',
      group: 'project',
      status: 'ok',
      message: 'a restore may write everywhere it would have to',
      evidence: { folders: places.size },
    };
  }
  return {
    id: 'restore-writable',
    group: 'project',
    status: 'critical',
    message: `a restore could not write in ${refused.size} of ${places.size} folders`,
    paths: [...refused],
    recommendation: 'Give this user write permission there, or restore as another user.',
  };
}
