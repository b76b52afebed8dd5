import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { computeAddress, encryptKeystoreJsonSync } from 'ethers'
import { runCli } from '../../../actors/cli/program.ts'
import { parseLink, parseRoot, toTxt } from '../../../protocols/dnsdisc/tree.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { exampleEntries, exampleKey, exampleLinks, exampleRoot, exampleUrl } from '../../protocols/dnsdisc/vectors.ts'
import { DnsServer } from '../../support/dns-server.ts'
import { keyOf } from '../discovery/some-nodes.ts'
import { ScriptedIo } from './scripted-io.ts'

const zone = [
  ['nodes.example.org', exampleRoot],
  ...Object.entries(exampleEntries).map(([hash, txt]) => [`${hash}.nodes.example.org`, txt] as const),
] as const

describe('peerchart dns', () => {
  let dir: string
  let list: string
  let server: DnsServer
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-dns-'))
    list = join(dir, 'nodes.example.org')
    server = await DnsServer.open(zone)
    await writeFile(join(dir, 'key'), exampleKey)
  })
  afterEach(async () => {
    server.close()
    await rm(dir, { recursive: true })
  })

  async function run(args: readonly string[], stdin = '') {
    const io = new ScriptedIo()
    io.stdin.end(stdin)
    const exit = await runCli(['dns', ...args], io)
    return { exit, out: io.out, err: io.err }
  }
  const printed = async (...args: string[]) => {
    const { exit, out, err } = await run(args)
    expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
    return out
  }
  const sync = (...args: string[]) => printed('sync', exampleUrl, list, '--resolver', server.address, ...args)
  const info = async () => JSON.parse(await readFile(join(list, 'enrtree-info.json'), 'utf8'))

  it('reads a list into a directory as geth has it, and prints its records again', async () => {
    expect(await sync()).to.equal(`3 nodes and 1 links, sequence number 1, in ${list}; 5 entries were new\n`)
    const { lastModified, ...rest } = await info()
    expect(Date.parse(lastModified)).to.be.greaterThan(0)
    expect(rest).to.deep.equal({
      url: exampleUrl,
      seq: 1,
      signature: exampleRoot.replace(/.* sig=/, ''),
      links: exampleLinks,
    })
    const nodes = JSON.parse(await readFile(join(list, 'nodes.json'), 'utf8'))
    expect(Object.values<{ record: string }>(nodes).map(({ record }) => record)).to.have.members(
      Object.values(exampleEntries).filter((txt) => txt.startsWith('enr:')),
    )
    expect(JSON.parse(await printed('to-txt', list))).to.deep.equal(Object.fromEntries(zone))
    const file = join(dir, 'txt.json')
    expect(await printed('to-txt', list, file)).to.equal('')
    expect(JSON.parse(await readFile(file, 'utf8'))).to.deep.equal(Object.fromEntries(zone))
  })
  it('asks for what is new alone, when the directory has a list', async () => {
    await sync()
    server.asked.length = 0
    expect(JSON.parse(await sync('--json'))).to.deep.equal({ directory: list, seq: 1, nodes: 3, links: 1, fetched: 0 })
    expect(server.asked).to.deep.equal(['nodes.example.org'])
  })
  it('signs a list with the next number, by a key in hex or a keystore file', async () => {
    await sync()
    expect(await printed('sign', list, join(dir, 'key'))).to.equal(`${exampleUrl}\n`)
    const signed = await info()
    expect(signed.seq).to.equal(2)
    const root = JSON.parse(await printed('to-txt', list))['nodes.example.org']
    expect(parseRoot(root, parseLink(exampleUrl).publicKey).seq).to.equal(2n)
    const account = { address: computeAddress(`0x${exampleKey}`), privateKey: `0x${exampleKey}` }
    const keystore = encryptKeystoreJsonSync(account, 'a secret', { scrypt: { N: 2, r: 1, p: 1 } })
    await writeFile(join(dir, 'keystore'), keystore)
    await writeFile(join(dir, 'password'), 'a secret\n')
    const url = await printed('sign', list, join(dir, 'keystore'), '--seq', '2', '--password', join(dir, 'password'))
    expect([url, (await info()).signature]).to.deep.equal([`${exampleUrl}\n`, signed.signature])
    const wrong = await run(['sign', list, join(dir, 'keystore')], 'another\n')
    expect(wrong).to.deep.include({ exit: 1, out: '' })
    expect(wrong.err).to.match(/keystore: could not decrypt key with given password/)
  })
  it('takes the domain of a new list from its directory, or as it is given', async () => {
    await mkdir(list)
    await writeFile(join(list, 'nodes.json'), '{}')
    expect(await printed('sign', list, join(dir, 'key'))).to.equal(`${exampleUrl}\n`)
    expect(await printed('sign', list, join(dir, 'key'), '--domain', 'n')).to.match(/@n\n$/)
    expect((await info()).seq).to.equal(2)
  })
  it('prints no list that is not signed, or that was changed since', async () => {
    await mkdir(list)
    await writeFile(join(list, 'nodes.json'), '{}')
    expect((await run(['to-txt', list])).err).to.match(/missing 'url' field in .*enrtree-info\.json/)
    await printed('sign', list, join(dir, 'key'))
    const signed = await readFile(join(list, 'enrtree-info.json'), 'utf8')
    await writeFile(join(list, 'enrtree-info.json'), signed.replace('"seq": 1', '"seq": 7'))
    expect((await run(['to-txt', list])).err).to.match(/invalid signature on tree/)
    await writeFile(join(list, 'enrtree-info.json'), signed.replace(/"signature": "[^"]*"/, '"signature": ""'))
    expect((await run(['to-txt', list])).err).to.match(/missing signature/)
  })
  it('writes nothing of a list that is not whole, or not signed by the key of the URL', async () => {
    const forged = toTxt({ root: parseRoot(exampleRoot, parseLink(exampleUrl).publicKey), entries: new Map() }, 'n')
    expect([...forged.keys()]).to.deep.equal(['n'])
    const other = `enrtree://${exampleLinks[0]!.replace(/.*\/\/|@.*/g, '')}@nodes.example.org`
    for (const [url, fault] of [
      [other, /invalid root entry: invalid base64 signature/],
      [exampleUrl.replace(/@.*/, '@absent.example.org'), /DNS lookup of absent\.example\.org failed: ENOTFOUND/],
    ] as const) {
      const { exit, err } = await run(['sync', url, list, '--resolver', server.address])
      expect({ exit, err }).to.satisfy(({ exit, err }: { exit: number; err: string }) => exit === 1 && fault.test(err))
    }
    expect(await readFile(join(list, 'nodes.json'), 'utf8').catch(({ code }) => code)).to.equal('ENOENT')
  })
  it('asks no server elsewhere unless it listens there', async () => {
    const { exit, err } = await run(['sync', exampleUrl, list, '--resolver', '192.0.2.1'])
    expect({ exit, err }).to.deep.include({ exit: 1 })
    expect(err).to.match(/no DNS server is on this machine.*--host 0\.0\.0\.0/)
  })
  it('refuses what is no list, no server and no number', async () => {
    for (const args of [
      ['sync', 'enrtree://A@b'],
      ['sync', exampleUrl, list, '--resolver', 'dns.example'],
      ['sync', exampleUrl, list, '--resolver', '127.0.0.1:70000'],
      ['sign', list, join(dir, 'key'), '--seq', '-1'],
      ['sign', list, join(dir, 'absent')],
      ['to-txt', list],
    ]) {
      const { exit, out, err } = await run(args)
      expect({ exit, out }, args.join(' ')).to.deep.equal({ exit: 1, out: '' })
      expect(err).to.match(/^error: [^\n]+\n$/)
    }
    await writeFile(join(dir, 'key'), bytesToHex(keyOf(1)).replaceAll('0', 'f').replaceAll('1', 'f'))
    await mkdir(list)
    await writeFile(join(list, 'nodes.json'), '{}')
    expect((await run(['sign', list, join(dir, 'key')])).err).to.match(/the digits are no valid key/)
  })
})
