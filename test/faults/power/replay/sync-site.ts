/** A frame of the product in a stack: what it is called, its file below src/core and its line. */
const FRAME = /at (?:async )?(?:new )?(?:(\S+) .*?)?\(?[^(]*\/src\/core\/([^():]+):(\d+):\d+\)?/;

/** Helpers that sync for others: who calls them is part of the place. */
const HELPERS = 'fs/';

/** Which line of the product asks for the sync that is under way: through the helpers of src/core/fs, up to the first line outside of them. */
export function syncSite(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const lines = (new Error('where').stack ?? '').split('\n');
  Error.stackTraceLimit = limit;
  const frames = lines.flatMap((line) => {
    const [, name, file, at] = FRAME.exec(line) ?? [];
    return file === undefined ? [] : [{ file, text: `${file}:${at}${name === undefined ? '' : ` ${name}`}` }];
  });
  const outside = frames.findIndex(({ file }) => !file.startsWith(HELPERS));
  return frames
    .slice(0, outside < 0 ? frames.length : outside + 1)
    .toReversed()
    .map(({ text }) => text)
    .join(' > ');
}

/** A path with what differs from run to run taken out, and the repository called so wherever it lies: then the same place has the same name. */
export function nameClass(relative: string | undefined): string {
  if (relative === '.') return 'the folder above REPOSITORY';
  return (relative ?? 'what has no name any more')
    .replace(/^(project\/backups|repository)(?=\/|$)/, 'REPOSITORY')
    .replaceAll(/(migration|safety)-\d{4}-[\dTZ-]+/g, '$1-ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\dZ-]+/g, 'TIME')
    .replaceAll(/\.[0-9a-f-]{12,}\.tmp/g, '.tmp')
    .replaceAll(/(stage|aside)\/\d+/g, '$1/N')
    .replaceAll(/[a-z-]+\.tar\.zst/g, 'CATEGORY.tar.zst');
}
