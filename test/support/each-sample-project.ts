import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { readTree, type Tree } from './compare-trees.ts';
import { makeSampleProject } from './sample-project.ts';
import { tempFolder, type TempFolder } from './temp-folder.ts';

/** What migbackup itself makes in a project. */
const OURS = ['backups', '.migbackup'];

/** A sample project, new for each test of a file. */
export interface EachSampleProject {
  /** The folder around it. */
  readonly outside: string;
  readonly root: string;
  /** The tree as the test found it. */
  readonly before: Tree;
  /** The tree as it is now, without what is named in `leftOut`. */
  readonly tree: () => Tree;
  /** The test has changed what it found: from here on that is `before`. */
  readonly beginHere: () => void;
}

/** Declares the hooks that make the project and take it away. */
export function eachSampleProject(leftOut: readonly string[] = OURS): EachSampleProject {
  let temp: TempFolder;
  let before: Tree;
  const root = (): string => path.join(temp.path, 'project');
  const tree = (): Tree => readTree(root(), leftOut);
  const beginHere = (): void => {
    before = tree();
  };
  beforeEach(async () => {
    temp = tempFolder();
    await makeSampleProject(root());
    beginHere();
  });
  afterEach(() => temp[Symbol.dispose]());
  return {
    get outside() {
      return temp.path;
    },
    get root() {
      return root();
    },
    get before() {
      return before;
    },
    tree,
    beginHere,
  };
}
