import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { renderPresetShow } from '../../cli/render/preset.ts';

export default class PresetShow extends BaseCommand {
  static override summary = 'Show what one preset covers, and what it is found by';
  static override description =
    'Lists what is state, what proves that transactions were sent, what is secret and what can be rebuilt. Paths are relative to the ' +
    'folder in which the preset applies.';
  static override usage = '<%= command.id %> NAME [FLAGS]';
  static override hiddenAliases = ['backup:preset:show'];
  static override examples = ['<%= config.bin %> preset show foundry', '<%= config.bin %> preset show anchor --json'];
  static override args = {
    name: Args.string({ description: 'A preset, as preset list names it', required: true }),
  };

  async run(): Promise<number> {
    const { args, flags } = await this.parse(PresetShow);
    const session = await this.open(flags);
    const { presetShow } = await import('../../core/operations/preset.ts');
    const report = await presetShow(await session.project(), { name: args.name }, session.context);
    return session.finish(report, renderPresetShow, EXIT.done);
  }
}
