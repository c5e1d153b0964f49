'use strict';
// This file is ES5 on purpose: it runs in any Node that the machine has, before the checkout's own Node is installed.
// It installs the locked dependencies if they are missing or older than the lock file, and prints nothing if all is well.
var childProcess = require('child_process');
var crypto = require('crypto');
var fs = require('fs');
var path = require('path');

var root = path.resolve(__dirname, '..');
var stamp = path.join(root, 'node_modules', '.migbackup-setup');

function wanted() {
  var hash = crypto.createHash('sha256');
  ['package-lock.json', 'package.json', path.join('tools', 'runtime', 'package.json')].forEach(function (name) {
    hash.update(dependenciesOf(name));
  });
  return hash.digest('hex') + ' ' + process.platform + '-' + process.arch + '\n';
}

/** What decides about the installation: the whole lock file, but only the dependencies of a package.json. */
function dependenciesOf(name) {
  var text = fs.readFileSync(path.join(root, name), 'utf8');
  if (name === 'package-lock.json') return text;
  var json = JSON.parse(text);
  return JSON.stringify([json.dependencies, json.devDependencies, json.optionalDependencies, json.workspaces]);
}

function installed() {
  try {
    return fs.readFileSync(stamp, 'utf8');
  } catch (error) {
    return '';
  }
}

/** True when npm's own record of what it installed is as new as the lock file: then only the stamp is missing. */
function npmSaysCurrent() {
  try {
    var record = fs.statSync(path.join(root, 'node_modules', '.package-lock.json')).mtimeMs;
    return record >= fs.statSync(path.join(root, 'package-lock.json')).mtimeMs - 1000;
  } catch (error) {
    return false;
  }
}

/** Whether this Node is older than the one that package.json asks for. */
function isOldNode() {
  var needed = /\d+\.\d+/.exec(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).engines.node)[0];
  var versions = [process.versions.node, needed].map(function (version) {
    return version.split('.').map(Number);
  });
  return versions[0][0] < versions[1][0] || (versions[0][0] === versions[1][0] && versions[0][1] < versions[1][1]);
}

var UNSUPPORTED = ' Unsupported engine {';

/** Whether these lines are npm's whole warning about one package, and it is only about the version of Node. */
function isAboutNode(lines) {
  var text = lines.join('\n');
  var required = text.split(/ current: /)[0];
  return lines[0].indexOf(UNSUPPORTED) > 0 && text.slice(-2) === ' }' && !/\bnpm: /.test(required);
}

/**
 * Passes on what npm writes, except warnings that this Node is too old for a package: the packages run in the Node that is
 * being installed. A warning stays if the package asks for another npm too.
 */
function handOnWithoutEngines(from, to) {
  var block = [];
  function end() {
    if (block.length > 0 && !isAboutNode(block)) to.write(block.join('\n') + '\n');
    block = [];
  }
  var lines = require('readline').createInterface({ input: from });
  lines.on('line', function (line) {
    var isEngines = /^npm warn EBADENGINE /i.test(line);
    if (!isEngines || line.indexOf(UNSUPPORTED) > 0) end();
    if (isEngines) block.push(line);
    else to.write(line + '\n');
  });
  lines.on('close', end);
}

/** Runs npm ci; in an old Node without npm's warnings about its age. */
function install(done) {
  var windows = process.platform === 'win32';
  var old = isOldNode();
  var npm = childProcess.spawn(windows ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, old ? 'pipe' : 2],
    shell: windows,
  });
  if (old) {
    // npm shows its progress on a terminal only.
    process.stderr.write('installing the dependencies of this checkout (npm ci)\n');
    handOnWithoutEngines(npm.stderr, process.stderr);
  }
  npm.on('error', fail);
  npm.on('close', function (code) {
    if (code === 0) done();
    else fail(null, code);
  });
}

function fail(error, code) {
  var why = error ? ': ' + error.message : '';
  process.stderr.write('error  npm ci failed, so the dependencies of this checkout are missing' + why + '\n');
  process.exit(code || 1);
}

function note() {
  fs.writeFileSync(stamp, want);
}

var want = wanted();
if (installed() !== want) {
  if (npmSaysCurrent()) note();
  else install(note);
}
