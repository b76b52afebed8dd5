import { defaultText } from '../../../actors/cli/setting.ts'
import { settings } from '../../../actors/cli/settings.ts'

/** The options of `peerchart start` as the README has them: every setting that has a flag, with its key in a file. */
export function optionsTable(): string {
  const withFlags = Object.values(settings).filter(({ flags }) => flags.length > 0)
  const rows = withFlags.map(({ key, initial, flags }) => {
    const usages = flags
      .map(
        ({ usage }) => `\`${usage.replace(/<(.*)>|\[.*\]/, (shown, name?: string) => (name ?? shown).toUpperCase())}\``,
      )
      .join(' ')
    const helps = flags.map(({ help, initial: shown }) => `${help}${defaultText(shown ?? initial)}`)
    return `| ${usages} | ${key ? `\`${key}\` ` : ''}| ${helps.join('; ')} |`
  })
  return ['| option | in a file | |', '|---|---|---|', ...rows, ''].join('\n')
}
