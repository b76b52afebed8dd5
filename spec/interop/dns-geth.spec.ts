import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { computeAddress, encryptKeystoreJsonSync } from 'ethers'
import { formatNodeSet } from '../../actors/cli/node-set.ts'
import { runCli } from '../../actors/cli/program.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { formatRecord, signRecord } from '../../protocols/enr/record.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { keyOf } from '../actors/discovery/some-nodes.ts'
import { exampleKey, exampleLinks } from '../protocols/dnsdisc/vectors.ts'
import { findDevp2p, requireClient } from '../support/clients.ts'

describe('a list of nodes, ours and that of geth', () => {
  let devp2p: string
  let dir: string
  before(async function () {
    devp2p = requireClient(this, findDevp2p(), 'devp2p')
    dir = await mkdtemp(join(tmpdir(), 'peerchart-dns-geth-'))
    const account = { address: computeAddress(`0x${exampleKey}`), privateKey: `0x${exampleKey}` }
    await writeFile(join(dir, 'key.json'), encryptKeystoreJsonSync(account, 'secret', { scrypt: { N: 2, r: 1, p: 1 } }))
    await writeFile(join(dir, 'password'), 'secret\n')
  })
  after(async () => {
    if (dir) await rm(dir, { recursive: true })
  })

  async function ours(...args: string[]): Promise<string> {
    const io = new ScriptedIo()
    expect(await runCli(args, io), io.err).to.equal(0)
    return io.out
  }
  const theirs = async (...args: string[]) => (await promisify(execFile)(devp2p, args)).stdout
  /** It asks for the password on its standard input. */
  async function theySign(list: string): Promise<void> {
    const process = spawn(devp2p, ['dns', 'sign', list, join(dir, 'key.json')], { stdio: ['pipe', 'ignore', 'ignore'] })
    process.stdin.end('secret\n')
    expect((await once(process, 'exit'))[0]).to.equal(0)
  }
  async function twoLists(name: string, count: number, links: readonly string[]) {
    const never = { score: 0, firstResponse: 0, lastResponse: 0, lastCheck: 0 }
    const set = new Map(
      Array.from({ length: count }, (_, i) => {
        const record = signRecord(BigInt(i), { ip: Uint8Array.of(127, 0, 0, 1), udp: i + 1 }, keyOf(i + 1))
        const node = parseNode(formatRecord(record))
        return [node.id, { node, record, ...never }] as const
      }),
    )
    const lists = [join(dir, `ours-${name}`, 'n'), join(dir, `theirs-${name}`, 'n')] as const
    for (const list of lists) {
      await mkdir(list, { recursive: true })
      await writeFile(join(list, 'nodes.json'), formatNodeSet(set))
      await writeFile(join(list, 'enrtree-info.json'), JSON.stringify({ seq: 6, links }))
    }
    return lists
  }
  const infoOf = async (list: string) => {
    const { lastModified, ...info } = JSON.parse(await readFile(join(list, 'enrtree-info.json'), 'utf8'))
    return info
  }

  for (const [name, count, links] of [
    ['empty', 0, []],
    ['one', 1, []],
    ['a branch', 13, exampleLinks],
    ['two branches', 14, exampleLinks],
    ['three floors', 200, exampleLinks],
  ] as const)
    it(`has the same signature and the same TXT records: ${name}`, async () => {
      const [own, geths] = await twoLists(name, count, links)
      await ours('dns', 'sign', own, join(dir, 'key.json'), '--password', join(dir, 'password'))
      await theySign(geths)
      expect(await infoOf(own))
        .to.deep.equal(await infoOf(geths))
        .and.have.property('seq', 7)
      const txt = await ours('dns', 'to-txt', own)
      expect(txt).to.equal(await ours('dns', 'to-txt', geths))
      expect(txt)
        .to.equal(await theirs('dns', 'to-txt', own))
        .and.equal(await theirs('dns', 'to-txt', geths))
    }).timeout(60_000)
})
