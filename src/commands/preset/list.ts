import { BaseCommand } from '../../cli/base-command.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { renderPresetList } from '../../cli/render/preset.ts';

export default class PresetList extends BaseCommand {
  static override summary = 'Show the presets: what is known of each framework';
  static override description =
    'A preset says where a framework keeps state. The presets that this project uses are shown with what they were found by. Without ' +
    'a config, all of them apply in the project itself; init writes into the config where they apply too.';
  static override usage = '<%= command.id %> [FLAGS]';
  static override hiddenAliases = ['backup:preset:list'];
  static override examples = ['<%= config.bin %> preset list', '<%= config.bin %> preset list --json'];

  async run(): Promise<number> {
    const { flags } = await this.parse(PresetList);
    const session = await this.open(flags);
    const { presetList } = await import('../../core/operations/preset.ts');
    const report = await presetList(await session.project(), {}, session.context);
    return session.finish(report, renderPresetList, EXIT.done);
  }
}
