import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { projectRoot } from '../../support/project.ts'

// Compiles protocols/lib/sponge.as.ts. As a program (npm run build:wasm) it writes the module to sponge.wasm.ts.

const directory = join(projectRoot, 'protocols/lib/')
const options = ['-O3', '--runtime', 'stub', '--noAssert']

/** @returns the text that sponge.wasm.ts should have */
export async function compileSponge(): Promise<string> {
  let code: Uint8Array | undefined
  const { error, stderr } = await asc.main(
    ['sponge.as.ts', ...options, '--baseDir', directory, '--outFile', 'out.wasm'],
    {
      readFile: (name, base) => readFile(`${base}/${name}`, 'utf8').catch(() => null),
      writeFile: (_name, contents) => {
        code = contents as Uint8Array
      },
      listFiles: () => [],
    },
  )
  if (error || !code) throw new Error(`sponge.as.ts does not compile: ${error?.message}\n${stderr.toString()}`)
  return `/** The module that sponge.as.ts compiles to, as hex. Generated: npm run build:wasm. */
export const spongeWasm =
  '${Buffer.from(code).toString('hex')}'
`
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writeFile(`${directory}sponge.wasm.ts`, await compileSponge())
