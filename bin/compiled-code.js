'use strict';
/*
 * Runs the program with the code that V8 compiled in an earlier run of the same command, since compiling takes a fifth
 * of a short run. V8 trusts compiled code without looking at it, so this file decides which folder may hold it and
 * whether it is whole.
 *
 * bin/run.js requires this file once it knows that Node is new enough, so an old Node never reads it.
 */
var fs = require('fs');
var nodeModule = require('module');
var os = require('os');
var path = require('path');

var HEAD_BYTES = 128;
/** What a run may not need: the program requires it by this name. */
var LIBRARIES = './libraries.cjs';

/** Whether somebody else could put another folder in the place of this one: each above is ours or root's, and a shared one sticky, as /tmp is. */
function hasSafeParents(folder) {
  var parent = path.dirname(folder);
  var stat = fs.lstatSync(parent);
  var isOurs = stat.uid === process.getuid() || stat.uid === 0;
  var isShared = (stat.mode & 18) !== 0 && (stat.mode & 512) === 0; // 0022 and not 01000
  return isOurs && !isShared && (parent === folder || hasSafeParents(parent));
}

/**
 * Where Node keeps compiled code: a folder of this user, null if there is none. Node's own choice, the folder for temporary files, is open to
 * everybody, and whoever plants compiled code there has it run.
 */
function compileCache() {
  try {
    var base = process.platform === 'win32' ? process.env.LOCALAPPDATA : process.env.XDG_CACHE_HOME;
    if (process.platform === 'darwin') base = path.join(os.homedir(), 'Library', 'Caches');
    // Throws for a user without a home.
    if (!base || !path.isAbsolute(base)) base = path.join(os.homedir(), '.cache');
    // An empty HOME would mean the working folder, and that may be anybody's.
    if (!path.isAbsolute(base)) return null;
    var folder = path.join(base, 'migbackup', 'compiled');
    fs.mkdirSync(folder, { recursive: true, mode: 448 }); // 0700
    if (process.platform === 'win32') return folder;
    folder = fs.realpathSync(folder);
    var stat = fs.statSync(folder);
    return stat.uid === process.getuid() && (stat.mode & 18) === 0 && hasSafeParents(folder) ? folder : null; // 18: 0022
  } catch (error) {
    return null;
  }
}

/**
 * Which file keeps the compiled code of this command: one for each, since V8 compiles a function when it is first called, and each command calls
 * others. Words that are no command share one.
 */
function codeFile(folder, entry) {
  var word = process.argv[process.argv[2] === 'backup' ? 3 : 2] || '';
  var name = /^[a-z]{2,12}$/.test(word) ? word : 'start';
  return path.join(folder, 'bundle-' + crc32(Buffer.from(entry)) + '-' + name);
}

function crc32(bytes) {
  return ('0000000' + require('zlib').crc32(bytes).toString(16)).slice(-8);
}

/** What the code was compiled from and with, and that it is whole: V8 itself looks at the length of the source and would run anything. */
function codeHead(entry, code) {
  var stat = fs.statSync(entry);
  var words = [process.version, process.arch, stat.size, stat.ino, stat.mtimeMs, stat.ctimeMs, crc32(code)];
  // Always as long, so that what follows is aligned.
  var head = Buffer.alloc(HEAD_BYTES, ' ');
  head.write(words.join(' '));
  return head;
}

/** The code that an earlier run kept, if it is of this very bundle. */
function readCode(file, entry) {
  try {
    var bytes = fs.readFileSync(file);
    var code = bytes.subarray(HEAD_BYTES);
    return codeHead(entry, code).equals(bytes.subarray(0, HEAD_BYTES)) ? code : undefined;
  } catch (error) {
    return undefined;
  }
}

function keepCode(file, entry, code) {
  var temporary = file + '.' + process.pid + '.tmp';
  try {
    fs.writeFileSync(temporary, Buffer.concat([codeHead(entry, code), code]), { flag: 'wx', mode: 384 }); // 0600
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
  }
}

/**
 * Runs a file of dist/ with the functions that an earlier run of this command had compiled, if there is a folder for them, and answers what it exports.
 * Node's own compile cache keeps what is compiled before anything runs, which is next to nothing: compiling the rest took a fifth of a short run.
 */
function load(entry, folder) {
  var vm = require('vm');
  var file = folder && codeFile(folder, entry);
  var code = file ? readCode(file, entry) : undefined;
  var script = new vm.Script(fs.readFileSync(entry, 'utf8'), { filename: entry, cachedData: code });
  var module = new nodeModule(entry);
  module.filename = entry;
  if (file && (!code || script.cachedDataRejected)) {
    process.on('exit', function (status) {
      // 2: perhaps a word that is no command.
      if (status !== 2) keepCode(file, entry, script.createCachedData());
    });
  }
  var nodeRequire = nodeModule.createRequire(entry);
  var libraries;
  function requireFrom(name) {
    if (name !== LIBRARIES) return nodeRequire(name);
    libraries = libraries || load(path.join(path.dirname(entry), name), folder);
    return libraries;
  }
  script.runInThisContext().call(module.exports, module.exports, requireFrom, module, entry, path.dirname(entry));
  return module.exports;
}

function runProgram(program) {
  var cache = compileCache();
  // For the packages that the bundle requires.
  if (cache) nodeModule.enableCompileCache(cache);
  load(program, cache);
}

module.exports = runProgram;
