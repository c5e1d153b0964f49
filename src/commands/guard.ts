import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { confirmWayBack } from '../cli/confirm-way-back.ts';
import { exitCodeOfGuard } from '../cli/exit-code.ts';
import { commandAfterDashes } from '../cli/guarded-command.ts';
import { pushFlags, pushWanted, signFlag, signingKey } from '../cli/push-flags.ts';
import { renderGuard } from '../cli/render/guard.ts';
import { parseTags } from '../cli/tags.ts';

export default class Guard extends BaseCommand {
  static override summary = 'Back up, run a command, and bring everything back if it fails';
  static override description =
    'Takes and proves a backup, then runs the command with this terminal. If the command fails or is killed, or if a --check fails, guard brings back ' +
    'what the backup holds, removes what was added to its sources since, and keeps what the command left as a safety backup. Signals are passed on to the ' +
    'command, and a command that was interrupted has failed, whatever its exit code. Files can be brought back, a chain cannot: if the command changed ' +
    'records of sent transactions (.openzeppelin, ignition, broadcast), its result is kept unless --on-failure says otherwise. ' +
    'Records of databases and deployments on live chains (not 31337 and 1337) that the command lost are printed; with --expect no-loss they make a ' +
    'command that exits with 0 a failure, too, and so does a database or registry that cannot be compared. A record is lost if its key is not in the ' +
    'database at the same path any more, a deployment if no registry has its address on its chain; another value is no loss. Then files of sent ' +
    'transactions count only if they record something that the backup does not have. --allow-loss is compared with what is printed (DATABASE/KEY, CHAIN/NAME), with the path of ' +
    'the database or registry, which stands for all in it, and with the address. ' +
    'With --push the command is not run before the backup has enough copies in the remotes of the config, and with --sign not before it is signed. ' +
    'The command finds MIGBACKUP_ID and MIGBACKUP_DIR in its environment.';
  static override usage = '<%= command.id %> [FLAGS] -- COMMAND [ARGUMENTS]';
  static override hiddenAliases = ['backup:guard'];
  /** Otherwise oclif takes the words of a command that has no `--` before it as the name of a command of ours. */
  static override strict = false;
  static override examples = [
    '<%= config.bin %> guard -- npm run migrate',
    '<%= config.bin %> guard --check "npm run check" -- npx hardhat run migrate.ts',
    "<%= config.bin %> guard --expect no-loss --allow-loss 'leveldb/31337-*' -- ./migrate",
    '<%= config.bin %> guard --on-failure keep --json -- ./migrate.sh',
  ];
  static override flags = {
    check: Flags.string({
      summary: 'Run this after the command; if it fails, the command has failed (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'COMMAND',
    }),
    'on-failure': Flags.option({
      options: ['restore', 'ask', 'keep'] as const,
      summary: 'What to do if it fails (default: restore, but keep if transactions were sent)',
      env: 'MIGBACKUP_ON_FAILURE',
    })(),
    expect: Flags.option({
      options: ['no-loss'] as const,
      summary: 'A command that lost records or deployments has failed, even if it exits with 0',
    })(),
    'allow-loss': Flags.string({
      summary: 'What may be lost: DATABASE/KEY or CHAIN/NAME, * stands for anything, \\* for a star (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'GLOB',
    }),
    'lock-wait': Flags.integer({
      summary: 'How long to wait, once the command has ended, for another migbackup that holds a lock',
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      default: 30,
      helpValue: 'SECONDS',
      env: 'MIGBACKUP_LOCK_WAIT',
    }),
    passthrough: Flags.boolean({ summary: "Exit with the command's own code" }),
    note: Flags.string({ summary: 'Why this backup was taken (default: the command)' }),
    tag: Flags.string({
      summary: 'Label the backup (repeatable)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'KEY=VALUE',
    }),
    sign: signFlag,
    ...pushFlags,
  };

  async run(): Promise<number> {
    const { own, command } = commandAfterDashes(this.argv, { ...Guard.baseFlags, ...Guard.flags });
    const { flags } = await this.parse(Guard, own);
    const session = await this.open(flags);
    const { guard } = await import('../core/operations/guard.ts');
    const project = await session.project();
    const options = {
      push: pushWanted(session, project, flags, { name: 'guard', argv: this.argv }),
      sign: signingKey(project, flags.sign),
      command,
      checks: flags.check ?? [],
      onFailure: flags['on-failure'],
      confirm: confirmWayBack(session),
      expect: flags.expect,
      allowLoss: flags['allow-loss'] ?? [],
      stdoutToStderr: flags.json,
      lockWaitMs: flags['lock-wait'] * 1000,
      backup: { note: flags.note, tags: parseTags(flags.tag ?? []) },
    };
    const report = await guard(project, options, session.context);
    return session.finish(report, renderGuard, exitCodeOfGuard(report, flags.passthrough), process.stderr);
  }
}
