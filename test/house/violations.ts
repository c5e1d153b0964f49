import type { Graph, Import } from './imports.ts';

/** A folder or file of src/ with one purpose. It imports itself and the rooms below it in the table. */
export interface Room {
  /** Its path below src/. */
  readonly name: string;
  readonly purpose: string;
  /** Where it may import less than all rooms below it: rooms, or single files of them. */
  readonly only?: readonly string[];
  /** Where it may import less than any package and all of Node: the names of packages. */
  readonly packages?: readonly string[];
  /** Its files import no other; a folder counts as one with the file of its name. */
  readonly apart?: true;
}

export interface Table {
  /** From the top. */
  readonly rooms: readonly Room[];
  /** Packages, or scopes of them, that no room of the core imports. */
  readonly notInCore: readonly string[];
  /** The files that may ask for a module whose name only the running program knows. */
  readonly computed: readonly string[];
}

/** All that breaks the table, a sentence each. */
export function violations(graph: Graph, table: Table): string[] {
  const found = [
    ...strangers(graph, table),
    ...graph.imports.map((each) => complaint(each, graph, table)).filter((text) => text !== undefined),
    ...circles(graph),
  ];
  return [...new Set(found)];
}

function isWithin(file: string, name: string): boolean {
  return file === `src/${name}` || file.startsWith(`src/${name}/`);
}

/** What stands in src/ or in the table, but not in the other. */
function strangers({ files }: Graph, { rooms, computed }: Table): string[] {
  const foreign = files.filter((file) => !file.endsWith('.ts'));
  const unknown = files.filter((file) => !rooms.some(({ name }) => isWithin(file, name)));
  const named = [...rooms.flatMap(({ name, only = [] }) => [name, ...only]), ...computed];
  const absent = named.filter((name) => !files.some((file) => isWithin(file, name)));
  return [
    ...foreign.map((file) => `${file} is not TypeScript: nothing reads its imports`),
    ...unknown.map((file) => `${placeOf(file)} is not in the table of rooms`),
    ...absent.map((name) => `the table of rooms names src/${name}, which does not exist`),
  ];
}

/** The folder that would be a room: `src/core/x` of `src/core/x/y/z.ts`. */
function placeOf(file: string): string {
  return file
    .split('/')
    .slice(0, file.startsWith('src/core/') ? 3 : 2)
    .join('/');
}

function complaint({ from, to }: Import, { files }: Graph, table: Table): string | undefined {
  const { rooms } = table;
  const room = rooms.find(({ name }) => isWithin(from, name));
  if (!room) return undefined;
  if (to === null) {
    if (table.computed.some((file) => isWithin(from, file))) return undefined;
    return `${from} loads what only the running program knows: no rule can read that`;
  }
  const says = `${from} imports ${to}:`;
  if (!files.includes(to)) return foreignComplaint(room, says, to, table);
  const target = rooms.find(({ name }) => isWithin(to, name));
  if (!target) return undefined;
  if (target === room) return room.apart ? partComplaint(room, says, from, to) : undefined;
  const below = rooms.slice(rooms.indexOf(room) + 1);
  const isAllowed = below.includes(target) && (!room.only || room.only.some((name) => isWithin(to, name)));
  if (isAllowed) return undefined;
  const what = room.only ? `all that ${short(room.name)} may import` : `rooms below ${short(room.name)}`;
  const list = (room.only ?? below.map(({ name }) => name)).map(short).join(', ');
  return `${says} ${short(room.name)} may not import ${short(target.name)} (${what}: ${list || 'none'})`;
}

function short(name: string): string {
  return name.replace('core/', '');
}

/** About a package, a module of Node, or a path that is no file of src/. */
function foreignComplaint(room: Room, says: string, to: string, { notInCore }: Table): string | undefined {
  if (/^(?:src\/|[./]|file:)/.test(to)) return `${says} that is no file of src/`;
  const isOf = (name: string): boolean => to === name || to.startsWith(`${name}/`);
  if (room.packages && !room.packages.some(isOf)) {
    return `${says} ${short(room.name)} may not import it (packages it may import: ${room.packages.join(', ') || 'none'})`;
  }
  if (!room.name.startsWith('core/') || !notInCore.some(isOf)) return undefined;
  return `${says} ${short(room.name)} may not import it (no room of the core may: ${notInCore.join(', ')})`;
}

/** About an import from one part of a room to another: `restore.ts` and all of `restore/` are one part. */
function partComplaint({ name }: Room, says: string, from: string, to: string): string | undefined {
  const partOf = (file: string): string | undefined => file.slice(`src/${name}/`.length).split(/\/|\.ts$/)[0];
  if (partOf(from) === partOf(to)) return undefined;
  return `${says} ${partOf(from)} may not import ${partOf(to)} (each of ${short(name)} stands alone)`;
}

/** A sentence for each import that closes a circle of files. */
function circles({ files, imports }: Graph): string[] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string | null>();
  const way: string[] = [];
  const found: string[] = [];
  const follow = (file: string): void => {
    way.push(file);
    for (const { to } of targets.get(file) ?? []) {
      if (to === null || done.has(to)) continue;
      if (way.includes(to)) found.push(circleComplaint(way.slice(way.indexOf(to))));
      else follow(to);
    }
    way.pop();
    done.add(file);
  };
  for (const file of files) if (!done.has(file)) follow(file);
  return found;
}

/** Tells it from its first file in the order of names, wherever it was entered. */
function circleComplaint(circle: readonly string[]): string {
  const first = circle.indexOf(circle.toSorted()[0] ?? '');
  const way = [...circle.slice(first), ...circle.slice(0, first + 1)];
  return `${way.join(' imports ')}: a circle of files`;
}
