'use strict';
/*
 * This file runs the program with code that V8 compiled in an earlier run of the same command (V8's "code cache"). It
 * exists because compiling takes a fifth of a short run, and Node's own compile cache saves next to nothing of that: it
 * keeps what is compiled before anything runs, but V8 compiles a function only when it is first called.
 *
 * V8 does not check whether compiled code is genuine and whole. So this file keeps it only in a folder that no other
 * user can change, and uses it only if it is whole and was compiled from this very program. In any other case the
 * program is compiled anew.
 *
 * This file need not be ES5: bin/run.js requires it only after it has found that Node is new enough.
 */
const fs = require('fs');
const nodeModule = require('module');
const os = require('os');
const path = require('path');
const vm = require('vm');

const HEAD_BYTES = 128;
/** The program requires its libraries by these names. They are files of their own because many runs do not need them. */
const LIBRARIES = ['./libraries.cjs', './remotes.cjs', './encryption.cjs'];
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Whether nobody else can put another folder in the place of this one. Each folder above it has to belong to this user
 * or to root. One that others can write to has to be sticky, as /tmp is.
 */
function hasSafeParents(folder) {
  const parent = path.dirname(folder);
  const stat = fs.lstatSync(parent);
  const isOurs = stat.uid === process.getuid() || stat.uid === 0;
  const isShared = (stat.mode & WRITABLE_BY_OTHERS) !== 0 && (stat.mode & STICKY) === 0;
  return isOurs && !isShared && (parent === folder || hasSafeParents(parent));
}

/**
 * The folder for compiled code, which belongs to this user, or null if there is none. Node's own choice would be the
 * folder for temporary files. That one is open to everybody, and this user would run any code that somebody plants there.
 */
function cacheFolder() {
  try {
    let base = process.platform === 'win32' ? process.env.LOCALAPPDATA : process.env.XDG_CACHE_HOME;
    if (process.platform === 'darwin') base = path.join(os.homedir(), 'Library', 'Caches');
    // This throws for a user without a home.
    if (!base || !path.isAbsolute(base)) base = path.join(os.homedir(), '.cache');
    // An empty HOME would mean the working folder, and that may be anybody's.
    if (!path.isAbsolute(base)) return null;
    const made = path.join(base, 'migbackup', 'compiled');
    fs.mkdirSync(made, { recursive: true, mode: 0o700 });
    if (process.platform === 'win32') return made;
    const folder = fs.realpathSync(made);
    const stat = fs.statSync(folder);
    const isPrivate = stat.uid === process.getuid() && (stat.mode & WRITABLE_BY_OTHERS) === 0;
    return isPrivate && hasSafeParents(folder) ? folder : null;
  } catch {
    return null;
  }
}

/**
 * The file that keeps the compiled code of this command. Each command has its own, because each calls other functions.
 * All words that are not commands share one file.
 */
function codeFile(folder, entry) {
  const word = process.argv[process.argv[2] === 'backup' ? 3 : 2] || '';
  const name = /^[a-z]{2,12}$/.test(word) ? word : 'start';
  return path.join(folder, `bundle-${crc32(Buffer.from(entry))}-${name}`);
}

function crc32(bytes) {
  // zlib is loaded here because a run without a folder for compiled code does not need it.
  return require('zlib').crc32(bytes).toString(16).padStart(8, '0');
}

/**
 * The head of a kept file: it says which Node compiled the code from which file, and holds a checksum of the code. V8
 * itself compares little more than the length of the source, and would run code that is damaged.
 */
function codeHead(entry, code) {
  const stat = fs.statSync(entry);
  const words = [process.version, process.arch, stat.size, stat.ino, stat.mtimeMs, stat.ctimeMs, crc32(code)];
  // The head always has the same length, so that the code after it is aligned.
  const head = Buffer.alloc(HEAD_BYTES, ' ');
  head.write(words.join(' '));
  return head;
}

/** The code that an earlier run kept, if it is whole and was compiled from this very file. */
function readCode(file, entry) {
  try {
    const bytes = fs.readFileSync(file);
    const code = bytes.subarray(HEAD_BYTES);
    return codeHead(entry, code).equals(bytes.subarray(0, HEAD_BYTES)) ? code : undefined;
  } catch {
    return undefined;
  }
}

function keepCode(file, entry, code) {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, Buffer.concat([codeHead(entry, code), code]), { flag: 'wx', mode: 0o600 });
    fs.renameSync(temporary, file);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}

/**
 * Runs a file of dist/ and returns what it exports. If there is a folder for compiled code, V8 takes the code from
 * there, and what it could not take from there is kept at the end of the run, when all functions that the command calls
 * are compiled.
 */
function load(entry, folder) {
  const file = folder && codeFile(folder, entry);
  const code = file ? readCode(file, entry) : undefined;
  const script = new vm.Script(fs.readFileSync(entry, 'utf8'), { filename: entry, cachedData: code });
  const loaded = new nodeModule(entry);
  loaded.filename = entry;
  if (file && (!code || script.cachedDataRejected)) {
    process.on('exit', (status) => {
      // Status 2 may mean that the word is not a command, so its code is not kept.
      if (status !== 2) keepCode(file, entry, script.createCachedData());
    });
  }
  const nodeRequire = nodeModule.createRequire(entry);
  const libraries = {};
  const requireFrom = (name) => {
    if (!LIBRARIES.includes(name)) return nodeRequire(name);
    libraries[name] ??= load(path.join(path.dirname(entry), name), folder);
    return libraries[name];
  };
  script.runInThisContext().call(loaded.exports, loaded.exports, requireFrom, loaded, entry, path.dirname(entry));
  return loaded.exports;
}

module.exports = function runProgram(program) {
  const folder = cacheFolder();
  // Node's own compile cache serves the packages that the program requires.
  if (folder) nodeModule.enableCompileCache(folder);
  load(program, folder);
};
