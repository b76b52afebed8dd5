import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { projectRoot } from './support/project.ts'

/** spec → actors → machines → protocols, never up and never sideways: the enforcers are tried on a small tree of their own. */
describe('the layer rule', function () {
  this.timeout(60_000)
  const sound = {
    'protocols/lib/bytes.ts': 'export const bytes = 1\n',
    'protocols/eth/status.ts': "import { bytes } from '../lib/bytes.ts'\n\nexport const status = bytes\n",
    'protocols/p2p/hello.ts': 'export const hello = 5\n',
    'machines/peer.ts':
      "import { setup } from 'xstate'\nimport { hello } from '../protocols/p2p/hello.ts'\n\nexport const peer = [setup, hello]\n",
    'actors/node.ts':
      "import { peer } from '../machines/peer.ts'\n\nexport const node = [peer, Math.random(), Date.now()]\n",
    'actors/inspector/wire.ts': 'export type Ask = string\n',
    'actors/inspector/page/main.tsx':
      "import { render } from 'preact'\nimport type { Ask } from '../wire.ts'\n\nconst ask: Ask = location.hash\n\nrender(ask, document.body)\n",
    'spec/node.ts': "import { node } from '../actors/node.ts'\n\nexport const spec = node\n",
  }
  let tree: string

  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'peerchart-layers-'))
    for (const file of ['package.json', 'biome.json', '.biome', 'tsconfig.json', 'tsconfig.base.json'])
      cpSync(join(projectRoot, file), join(tree, file), { recursive: true })
    for (const layer of ['protocols', 'machines', 'actors', 'actors/inspector/page', 'spec'])
      cpSync(join(projectRoot, layer, 'tsconfig.json'), join(tree, layer, 'tsconfig.json'))
    symlinkSync(join(projectRoot, 'node_modules'), join(tree, 'node_modules'))
    for (const [file, text] of Object.entries(sound)) write(file, text)
  })
  afterEach(() => rmSync(tree, { recursive: true, force: true }))

  it('lets a tree pass that keeps it', () => {
    expect(compile(), 'tsc').to.equal('')
    expect(lint(), 'biome').to.equal('')
  })

  it('lets tsc refuse protocols that import machines', () => {
    write('protocols/eth/bad.ts', "import { peer } from '../../machines/peer.ts'\n\nexport const bad = peer\n")
    expect(compile()).to.match(/protocols.*TS6307/s)
  })
  it('lets tsc refuse machines that import actors', () => {
    write('machines/bad.ts', "import { node } from '../actors/node.ts'\n\nexport const bad = node\n")
    expect(compile()).to.match(/machines.*TS6307/s)
  })
  it('lets tsc refuse actors that import specs', () => {
    write('actors/bad.ts', "import { spec } from '../spec/node.ts'\n\nexport const bad = spec\n")
    expect(compile()).to.match(/actors.*TS6307/s)
  })

  for (const layer of ['protocols/eth', 'machines'])
    it(`lets tsc and biome refuse the world in ${layer}`, () => {
      const ambient = ['setTimeout', 'process', 'Buffer', 'console', 'crypto']
      const language = ['Date', 'globalThis']
      const names = [...ambient, ...language, 'Math.random', 'connect']
      write(`${layer}/bad.ts`, `import { connect } from 'node:net'\n\nexport const bad = [${names}]\n`)
      const [compiled, linted] = [compile(), lint()]
      for (const name of ambient) expect(compiled).to.contain(`Cannot find name '${name}'`)
      expect(compiled).to.contain("'node:net'")
      for (const name of [...ambient, ...language]) expect(linted).to.contain(`the global variable ${name}`)
      expect(linted).to.contain('randomness is an input').and.contain('noNodejsModules')
    })

  for (const room of ['p2p', 'eth', 'chain', 'node', 'peerchart', 'apis', 'rpc', 'discovery', 'trace', 'explain'])
    it(`lets biome refuse time, chance and deferral in actors/${room}, but from the runtime`, () => {
      const globals = ['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'crypto']
      const imports =
        "import { randomBytes } from 'node:crypto'\nimport { setImmediate as later } from 'node:timers/promises'\n"
      const names = [...globals, 'Math.random', 'later', 'randomBytes']
      write(`actors/${room}/bad.ts`, `${imports}\nexport const bad = [${names}]\n`)
      const linted = lint()
      for (const name of globals) expect(linted).to.contain(`the global variable ${name}`)
      expect(linted.match(/randomness is an input/g), 'Math.random, randomBytes, crypto').to.have.length(3)
      expect(linted.match(/time is an input: Runtime\.clock/g), 'performance, timers, the module').to.have.length(4)
    })
  it('lets the sockets of the system and a client of RPC have timers', () => {
    for (const file of ['actors/p2p/tcp.ts', 'actors/rpc/client.ts'])
      write(file, 'export const outside = [setTimeout]\n')
    expect(lint()).to.equal('')
  })

  it('lets biome refuse two protocol folders that import each other', () => {
    write('protocols/eth/bad.ts', "import { hello } from '../p2p/hello.ts'\n\nexport const bad = hello\n")
    expect(lint()).to.contain('protocol folders never import each other')
  })
  it('lets biome refuse a shared file that imports a protocol folder', () => {
    write('protocols/lib/bad.ts', "import { hello } from '../p2p/hello.ts'\n\nexport const bad = hello\n")
    expect(lint()).to.contain('protocol folders never import each other')
  })
  it('lets biome refuse a chart in protocols', () => {
    write('protocols/eth/bad.ts', "import { setup } from 'xstate'\n\nexport const bad = setup\n")
    expect(lint()).to.contain('charts are in machines/')
  })
  it('lets biome refuse a chart that is made of anything but xstate and protocols', () => {
    write('machines/bad.ts', "import { map } from 'rxjs'\n\nexport const bad = map\n")
    expect(lint()).to.contain('a chart is made of xstate and protocols/ only')
  })
  it('lets tsc refuse actors that import the page', () => {
    write('actors/bad.ts', "import * as page from './inspector/page/main.tsx'\n\nexport const bad = page\n")
    expect(compile()).to.match(/actors.*TS6/s)
  })
  it('lets tsc and biome refuse a page that reads the disk or reaches for the node', () => {
    write('actors/inspector/page/bad.ts', "import { readFile } from 'node:fs'\n\nexport const bad = readFile\n")
    write('actors/inspector/page/worse.ts', "import { node } from '../../node.ts'\n\nexport const worse = node\n")
    expect(compile()).to.contain("'node:fs'")
    expect(lint()).to.contain('noNodejsModules').and.contain('the page is made of preact')
  })
  for (const layer of ['protocols/eth', 'machines', 'actors', 'spec/support'])
    it(`lets biome refuse a list of any length as arguments in ${layer}`, () => {
      const all = 'const all: number[] = []\n'
      write(`${layer}/bad.ts`, `${all}\nall.push(1, ...all)\nexport const bad = new Array(...all)\n`)
      write(`${layer}/good.ts`, `${all}\nall.push([1, ...all].length)\nexport const good = new Set([...all])\n`)
      const complaints = lint()
      expect(complaints.match(/bad\.ts:\d+:\d+ plugin/g)).to.have.length(2)
      expect(complaints).to.contain('a list of any length').and.not.contain('good.ts')
    })
  it('lets biome refuse a promise that no one waits for', () => {
    write('actors/bad.ts', 'const work = async () => {}\n\nexport const bad = () => {\n  work()\n}\n')
    expect(lint()).to.contain('noFloatingPromises')
  })
  it('lets biome refuse an import cycle', () => {
    write('machines/one.ts', "import { two } from './two.ts'\n\nexport const one = () => two\n")
    write('machines/two.ts', "import { one } from './one.ts'\n\nexport const two = () => one\n")
    expect(lint()).to.contain('noImportCycles')
  })

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(tree, file)), { recursive: true })
    writeFileSync(join(tree, file), text)
  }

  const compile = () => complaintsOf('typescript/bin/tsc', '-b')
  const lint = () => complaintsOf('@biomejs/biome/bin/biome', 'check', '--colors=off')

  /** @returns what the tool says when it fails; nothing when it passes */
  function complaintsOf(tool: string, ...args: string[]): string {
    try {
      execFileSync(process.execPath, [join(projectRoot, 'node_modules', tool), ...args], { cwd: tree, stdio: 'pipe' })
      return ''
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number | null; stdout: Buffer; stderr: Buffer }
      if (status === null) throw error
      return `${stdout}${stderr}` || `exit ${status}`
    }
  }
})
