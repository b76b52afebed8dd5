import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { runCli } from '../../actors/cli/program.ts'
import { parseNodeKey } from '../../actors/node/node-key.ts'
import { formatRecord, signRecord } from '../../protocols/enr/record.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { findDevp2p, requireClient } from '../support/clients.ts'
import { ethtestGeth } from './ethtest-geth.ts'

describe("peerchart's tools beside those of geth's devp2p", () => {
  let command: string
  let dir: string
  let file: string
  before(async function () {
    command = requireClient(this, findDevp2p(), 'devp2p')
    dir = await mkdtemp(join(tmpdir(), 'peerchart-devp2p-'))
    file = join(dir, 'key')
    await ours('key', 'generate', file)
  })
  after(async () => {
    if (dir) await rm(dir, { recursive: true })
  })

  const theirs = async (...args: string[]) => (await promisify(execFile)(command, args)).stdout
  async function ours(...args: string[]): Promise<string> {
    const io = new ScriptedIo()
    expect(await runCli(args, io), io.err).to.equal(0)
    return io.out
  }

  for (const args of [
    ['to-id'],
    ['to-enode'],
    ['to-enode', '--ip', '10.1.2.3', '--tcp', '5', '--udp', '6'],
    ['to-enode', '--ip', '2001:db8::1'],
    ['to-enr'],
    ['to-enr', '--ip', '10.1.2.3', '--tcp', '5', '--udp', '6'],
    ['to-enr', '--ip', '2001:db8::1'],
  ])
    it(`print the same for key ${args.join(' ')}`, async () =>
      expect(await ours('key', ...args, file)).to.equal(await theirs('key', ...args, file)))

  for (const [what, pairs] of Object.entries({
    'an address': { ip: Uint8Array.of(10, 1, 2, 3), tcp: 30_303, udp: 30_304 },
    'an IPv6 address': { ip6: new Uint8Array(16).fill(1), tcp6: 1, udp6: 2 },
    'a fork id': { eth: [[Uint8Array.of(1, 2, 3, 4), 5]] },
    'a key that no one knows': { zzz: Uint8Array.of(1, 2, 3) },
    'nothing else': {},
  }))
    it(`print the same for enrdump of a record with ${what}`, async () => {
      const key = 'b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291'
      const record = formatRecord(signRecord(9n, pairs, parseNodeKey(key)))
      expect(await ours('enrdump', record)).to.equal(await theirs('enrdump', record))
    })

  it('hear the same Hello of geth', async function () {
    const { enode } = await ethtestGeth(this)
    const { name, caps } = JSON.parse(await ours('rlpx', 'ping', enode, '--json'))
    const dump = await theirs('rlpx', 'ping', enode)
    expect(dump).to.include(name)
    expect(caps).to.include('eth/69')
    for (const cap of caps) expect(dump).to.include(cap)
  })
})
