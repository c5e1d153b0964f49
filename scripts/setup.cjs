'use strict';
// ES5 on purpose: this runs on whatever Node the machine has, before the workspace's own Node is installed.
// Installs the locked dependencies if they are missing or older than the lock file; says nothing when all is well.
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

/** What decides the installation: the lock file as it is, of a package.json only its dependencies. */
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

function install() {
  var windows = process.platform === 'win32';
  var args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  var result = childProcess.spawnSync(windows ? 'npm.cmd' : 'npm', args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: windows,
  });
  if (result.status !== 0) {
    process.stderr.write('error  npm ci failed, so the dependencies of this checkout are missing\n');
    process.exit(result.status || 1);
  }
}

var want = wanted();
if (installed() !== want) {
  if (!npmSaysCurrent()) install();
  fs.writeFileSync(stamp, want);
}
