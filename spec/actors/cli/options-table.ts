import { defaultInWords } from '../../../actors/cli/setting.ts'
import { settings } from '../../../actors/cli/settings.ts'

/** The options of `peerchart start` as the README has them: every setting, with its key in a configuration file. */
export function optionsTable(): string {
  const rows = Object.values(settings).map(({ key, initial, flags }) => {
    const usages = flags
      .map(
        ({ usage }) => `\`${usage.replace(/<(.*)>|\[.*\]/, (shown, name?: string) => (name ?? shown).toUpperCase())}\``,
      )
      .join(' ')
    const helps = flags.map(({ help, initial: shown }) => `${help}${defaultInWords(shown ?? initial)}`)
    return `| ${usages} | ${key ? `\`${key}\` ` : ''}| ${helps.join('; ')} |`
  })
  return ['| option | in a file | |', '|---|---|---|', ...rows, ''].join('\n')
}
