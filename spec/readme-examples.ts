import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { projectRoot } from './support/project.ts'

const run = promisify(execFile)

export const readme: string = readFileSync(join(projectRoot, 'README.md'), 'utf8')
/** It and the documents beside the code that it refers to. */
export const documents: string = ['.', 'actors/cli', 'actors/rpc', 'actors/peerchart', 'actors/scripted-peer']
  .map((folder) => readFileSync(join(projectRoot, folder, 'README.md'), 'utf8'))
  .join('\n')
/** Their programs, in order. */
export const examples: readonly string[] = [...documents.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!)

/** A folder where the README's programs find the package by its name. */
export class ExampleFolder {
  readonly #path: string = mkdtempSync(join(tmpdir(), 'peerchart-readme-'))

  constructor() {
    symlinkSync(join(projectRoot, 'node_modules'), join(this.#path, 'node_modules'))
    writeFileSync(join(this.#path, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(this.#path, 'tsconfig.json'), JSON.stringify(config))
    for (const [i, code] of examples.entries()) writeFileSync(join(this.#path, `example-${i}.ts`), code)
  }

  /** @returns what tsc has to say */
  async compile(): Promise<string> {
    const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [tsc, '-p', this.#path]).catch((error) => error)
    return stdout
  }

  /** @returns what Node itself has to say of an example that is given to it as JavaScript */
  async parse(code: string): Promise<string> {
    const file = join(this.#path, 'example.mjs')
    writeFileSync(file, code)
    const { stderr } = await run(process.execPath, ['--check', file]).catch((error) => error)
    return stderr
  }

  /** @param enode whom it dials, if it dials somebody */
  async expectAsPromised(code: string, enode: string): Promise<void> {
    const promised = [...code.matchAll(/^ *\/\/ prints: (.*)$/gm)].map(([, line]) => line)
    expect(promised).not.to.deep.equal([])
    const file = join(this.#path, `example-${examples.indexOf(code)}.ts`)
    const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', file], {
      cwd: this.#path,
      env: { ...process.env, ENODE: enode },
      timeout: 30_000,
    })
    expect(stderr).to.equal('')
    expect(stdout.trimEnd().split('\n')).to.deep.equal(promised)
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true })
  }
}

/** The package's own names lead to its sources, so that no stale build is tried. */
const config = {
  extends: join(projectRoot, 'tsconfig.base.json'),
  compilerOptions: {
    ...{ types: ['node'], typeRoots: [join(projectRoot, 'node_modules/@types')], composite: false, declaration: false },
    noEmit: true,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
    paths: {
      peerchart: [join(projectRoot, 'actors/index.ts')],
      'peerchart/machines': [join(projectRoot, 'machines/index.ts')],
      'peerchart/harness': [join(projectRoot, 'actors/scripted-peer/index.ts')],
    },
  },
  include: ['*.ts'],
}
