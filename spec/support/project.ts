import { join } from 'node:path'

/** Whether the specs run as they are built (`npm test`), or as they stand (`npx mocha FILE`). */
const isBuilt = import.meta.url.endsWith('.js')

/** The project's folder. */
export const projectRoot: string = join(import.meta.dirname, isBuilt ? '../../..' : '../..')

/** What `node` needs for a program of `programFile`. */
export const programLoader: readonly string[] = isBuilt ? [] : ['--import', 'tsx']

/** @param module from the project's folder, without its ending: `actors/cli/main` */
export const programFile = (module: string): string =>
  isBuilt ? join(projectRoot, 'dist', `${module}.js`) : join(projectRoot, `${module}.ts`)

/** @returns what `node` needs for the program `module` */
export const programOf = (module: string): string[] => [...programLoader, programFile(module)]
