import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import { parseRecord, signRecord } from '../../../protocols/enr/record.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { ScriptedIo } from './scripted-io.ts'

// EIP-778, "Test Vectors".
const record =
  'enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRcy5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8'
const key = 'b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291'
const id = 'a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7'
const enode =
  'enode://ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd31387574077f301b421bc84df7266c44e9e6d569fc56be00812904767bf5ccd1fc7f@127.0.0.1'

async function peerchart(line: string, stdin = '') {
  const io = new ScriptedIo()
  io.stdin.end(stdin)
  const exit = await runCli(line.split(' '), io)
  return { exit, out: io.out, err: io.err }
}
const printed = async (line: string, stdin?: string) => {
  const { exit, out, err } = await peerchart(line, stdin)
  expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
  return out
}
const refused = async (line: string, cause: RegExp, stdin?: string) => {
  const { exit, out, err } = await peerchart(line, stdin)
  expect(err)
    .to.match(/^error: [^\n]+\n$/)
    .and.match(cause)
  expect({ exit, out }).to.deep.equal({ exit: 1, out: '' })
}

describe('keys and records on the command line', () => {
  let dir: string
  let file: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-key-'))
    file = join(dir, 'key')
    await writeFile(file, key)
  })
  afterEach(() => rm(dir, { recursive: true }))

  describe('peerchart key', () => {
    it('makes a key that only its owner can read', async () => {
      const made = join(dir, 'new')
      const reported = await printed(`key generate ${made}`)
      expect(await readFile(made, 'utf8')).to.match(/^[0-9a-f]{64}$/)
      expect((await stat(made)).mode & 0o777).to.equal(0o600)
      expect(reported).to.equal(await printed(`key to-id ${made}`))
    })
    it('never writes over a key', async () => {
      await refused(`key generate ${file}`, /cannot write the node key .*: the file exists, and a key is never written/)
      expect(await readFile(file, 'utf8')).to.equal(key)
    })
    it('prints the id', async () => {
      expect(await printed(`key to-id ${file}`)).to.equal(`${id}\n`)
      expect(JSON.parse(await printed(`key to-id ${file} --json`))).to.deep.equal({ id })
    })
    it('prints the enode URL', async () => {
      expect(await printed(`key to-enode ${file}`)).to.equal(`${enode}:30303\n`)
      expect(await printed(`key to-enode ${file} --tcp 5 --udp 6`)).to.equal(`${enode}:5?discport=6\n`)
      expect(JSON.parse(await printed(`key to-enode ${file} --json --ip ::1`)).enode).to.match(/@\[::1\]:30303$/)
    })
    it('signs a record', async () => {
      const { seq, pairs } = parseRecord((await printed(`key to-enr ${file} --ip ::1 --tcp 5`)).trim())
      expect(seq).to.equal(0n)
      expect([...pairs.keys()]).to.deep.equal(['id', 'ip6', 'secp256k1', 'tcp', 'udp'])
      expect(JSON.parse(await printed(`key to-enr ${file} --json`)).enr).to.match(/^enr:/)
    })
    it('refuses what is no key, and never repeats it', async () => {
      await writeFile(file, key.slice(1))
      const { err } = await peerchart(`key to-id ${file}`)
      expect(err)
        .to.match(/node key too short/)
        .and.not.include(key.slice(1))
      await refused(`key to-enr ${join(dir, 'no')}`, /there is no node key file/)
      await refused('key generate /no/such/folder/key', /cannot write the node key/)
    })
    it('refuses what is no place', async () => {
      await refused(`key to-enode ${file} --ip localhost`, /'localhost' is invalid. Want an IP address/)
      await refused(`key to-enr ${file} --tcp 65536`, /'65536' is invalid/)
    })
    it('says what it can do', async () => {
      expect((await peerchart('key --help')).out).to.match(/generate.*to-id.*to-enode.*to-enr/s)
      await refused('key to-nowhere', /unknown command 'to-nowhere'/)
    })
  })

  describe('peerchart enrdump', () => {
    const text = [
      `Node ID: ${id}`,
      `URLv4:   ${enode}:0?discport=30303`,
      'Record has sequence number 1 and 4 key/value pairs.',
      '  "id"        "v4"',
      '  "ip"        127.0.0.1',
      '  "secp256k1" 03ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd3138',
      '  "udp"       30303',
      '',
    ].join('\n')

    it("prints EIP-778's own example", async () => expect(await printed(`enrdump ${record}`)).to.equal(text))
    it('reads it in hex, from a file and from standard input', async () => {
      const hex = `0x${bytesToHex(parseRecord(record).raw)}`
      expect(await printed(`enrdump ${hex}`)).to.equal(text)
      await writeFile(file, `${record}\n`)
      expect(await printed(`enrdump ${file}`)).to.equal(text)
      expect(await printed('enrdump -', `${hex}\n`)).to.equal(text)
    })
    it('prints it as JSON', async () =>
      expect(JSON.parse(await printed(`enrdump ${record} --json`))).to.deep.include({
        ...{ id, seq: 1, enr: record, enode: `${enode}:0?discport=30303` },
        pairs: {
          ...{ id: 'v4', ip: '127.0.0.1', udp: 30303 },
          secp256k1: '03ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd3138',
        },
      }))
    it('prints what it cannot read as it is', async () => {
      const pairs = { eth: [[Uint8Array.of(1, 2, 3, 4), 0]], ip: Uint8Array.of(1), tcp: new Uint8Array(3) }
      const { raw } = signRecord(7n, pairs, hexToBytes(key))
      const out = await printed(`enrdump 0x${bytesToHex(raw)}`)
      expect(out).to.match(/^ {2}"eth" +c7c6840102030480 \(!\)$/m)
      expect(out)
        .to.match(/^ {2}"ip" +01 \(!\)$/m)
        .and.match(/^ {2}"tcp" +83000000 \(!\)$/m)
    })
    for (const [what, given, cause] of [
      ['what is not there', 'no-such-file', /no such file or directory.*; name what is there/],
      ['half a record', record.slice(0, 100), /; want a record as enr:…, signed by its node/],
      ['a record that another signed', record.replace('QHCY', 'QHCZ'), /invalid signature/],
      ['what is no base64', 'enr:!!', /invalid base64/],
      ['hex of nothing', '0x', /missing 'enr:' prefix/],
    ] as const)
      it(`refuses ${what}`, () => refused(`enrdump ${given}`, cause))
    it('refuses text that is none', () => refused('enrdump -', /missing 'enr:' prefix/, 'hello\n'))
  })

  describe('peerchart rlpx ping', () => {
    it('prints the Hello of a node, and says none', async () => {
      await using listener = await listen({ hello: { name: 'Door/v1', listenPort: 7 }, caps: ['eth/70', 'snap/1'] })
      await using peer = listener.accept()
      expect(await printed(`rlpx ping ${listener.enode}`)).to.equal('Door/v1: eth/70 snap/1, p2p/5, listens on 7\n')
      expect(peer.log.map(({ label }) => label)).not.to.include('Hello')
    })
    it('prints it as JSON', async () => {
      await using listener = await listen({ caps: ['eth/70'] })
      await using _peer = listener.accept()
      expect(JSON.parse(await printed(`rlpx ping ${listener.enode} --json`))).to.deep.include({
        ...{ version: 5, caps: ['eth/70'], listenPort: 0 },
      })
    })
    it('leaves out a port that the Hello does not name', async () => {
      await using listener = await listen({ hello: { name: 'Door/v1' }, caps: ['eth/70'] })
      await using _peer = listener.accept()
      expect(await printed(`rlpx ping ${listener.enode}`)).to.equal('Door/v1: eth/70, p2p/5\n')
    })
    it('says what is there that is no node, as JSON too', async () => {
      const server = createServer({}).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const { exit, out } = await peerchart(`rlpx ping ${enode}:${port} --json`)
      server.close()
      expect(JSON.parse(out)).to.deep.include({ outcome: 'not-devp2p', cause: 'what is there speaks TLS, not RLPx' })
      expect(exit).to.equal(3)
    })
    it('says why there is none, with an exit status for each class', async () => {
      const listener = await listen({ through: 'rlpx' })
      listener.accept()
      const silent = await peerchart(`rlpx ping ${listener.enode} --timeout 200ms`)
      expect(silent.err).to.match(/keys are agreed, and no Hello came within 200 ms/)
      expect(silent.exit).to.equal(4)
      await listener.close()
      expect((await peerchart(`rlpx ping ${listener.enode}`)).exit).to.equal(2)
      await refused('rlpx ping nonsense', /Want enode:\/\//)
    })
  })
})
