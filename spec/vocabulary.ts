import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Words that the project does without, in names, comments, texts and documents: report, emit, log, label, caller and peer say it.

/** Each in both forms, as a name of its own and as a part of one: `told`, `isTold`. */
const unwanted =
  /(?<![A-Za-z])(?:tell|tells|told|whoever|nobody|words)(?![a-z])|(?:Tell|Tells|Told|Whoever|Nobody|Words)(?![a-z])/

/** @returns `path:line: text` of every line of `text` with one of them */
export const unwantedIn = (path: string, text: string): string[] =>
  text.split('\n').flatMap((line, i) => (unwanted.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : []))

/** Those of a checkout. @param root its directory */
export function unwantedOf(root: string): string[] {
  const folders = ['actors', 'machines', 'protocols', 'spec'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  )
  const files = [...folders, ...readdirSync(root)].filter((path) => /\.(tsx?|md|html|css)$/.test(path))
  return files
    .filter((path) => path !== join('spec', 'vocabulary.ts'))
    .flatMap((path) => unwantedIn(path, readFileSync(join(root, path), 'utf8')))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = unwantedOf(join(import.meta.dirname, '..'))
  for (const line of found) process.stderr.write(`${line}\n`)
  process.stdout.write(`${found.length} lines with words that the project does without (see spec/vocabulary.ts)\n`)
  process.exitCode = found.length > 0 ? 1 : 0
}
