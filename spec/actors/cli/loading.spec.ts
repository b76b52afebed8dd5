import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { formatEnode } from '../../../protocols/enode/enode.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { PeerchartProcesses } from './peerchart-process.ts'

describe('what a command loads', function () {
  this.timeout(60_000)
  const key = new Uint8Array(32).fill(1)
  const processes = new PeerchartProcesses()
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-loading-'))
    await writeFile(join(dir, 'key'), bytesToHex(key))
  })
  afterEach(() => processes.endAll())
  after(() => rm(dir, { recursive: true, force: true }))

  /** Those of the modules that the process loads. `@` stands for the spec's directory. */
  async function packagesOf(line: string): Promise<readonly string[]> {
    const { ended, err } = processes.startWith(['--import', reportModules], ...line.replace('@/', `${dir}/`).split(' '))
    await ended
    const names = Array.from(
      (await err).matchAll(/^loads .*\/node_modules\/((?:@[^/]+\/)?[^/]+)/gm),
      ([, name]) => name!,
    )
    return [...new Set(names)]
  }

  const some = ['@bitauth/libauth', '@ethereumjs/rlp', '@noble/hashes', 'commander', 'tslog']
  for (const [line, packages] of [
    ['--help', ['commander', 'tslog']],
    ['key to-id @/key', some],
    [
      `connect ${formatEnode({ publicKey: publicKeyOf(key), host: '127.0.0.1', tcp: 1, udp: 1 })}`,
      [...some, 'snappyjs', 'xstate'],
    ],
    ['attach --help', [...some, 'ws']],
    ['charts', ['@ethereumjs/rlp', '@noble/hashes', 'commander', 'tslog', 'xstate']],
  ] as const)
    it(`is no more than it needs for \`${line.slice(0, 20)}\``, async () => {
      expect(await packagesOf(line)).to.have.members(packages)
    })
  it('has no part of RPC where a node serves none', async () => {
    const packages = await packagesOf('start --port 0 --for 1ms')
    expect(packages).to.include('classic-level')
    expect(packages.filter((one) => ['jose', 'ws', 'prom-client', '@ethereumjs/vm'].includes(one))).to.deep.equal([])
  })
})

/** A module that has the loader report every other module on standard error. */
const reportModules = dataUrl(`
  import { register } from 'node:module'
  register(${JSON.stringify(
    dataUrl(`
      import { writeSync } from 'node:fs'
      export function load(url, context, next) {
        writeSync(2, 'loads ' + url + '\\n')
        return next(url, context)
      }`),
  )})`)

function dataUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}
