import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { NodeKeyError, parseNodeKey, readNodeKey, resolveNodeKey } from '../../../actors/node/node-key.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { failureOf } from '../../failure.ts'

describe("a node's key", () => {
  const digits = 'b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291'
  const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
  const entropy = (length: number) => new Uint8Array(length).fill(7)
  let datadir: string
  let path: string

  beforeEach(async () => {
    datadir = await mkdtemp(join(tmpdir(), 'peerchart-key-'))
    path = join(datadir, 'nodekey')
  })
  afterEach(() => rm(datadir, { recursive: true, force: true }))

  it('is the one given, and is not written', async () => {
    expect(hex(await resolveNodeKey({ nodeKey: parseNodeKey(digits), file: path, entropy }))).to.equal(digits)
    expect(await failureOf(stat(path))).to.have.property('code', 'ENOENT')
  })
  it('is fresh without a datadir', async () => {
    expect(await resolveNodeKey({ entropy })).to.deep.equal(entropy(32))
  })
  it('is drawn again when the draw is no key', async () => {
    const draws = [new Uint8Array(32), new Uint8Array(32).fill(0xff), entropy(32)]
    expect(await resolveNodeKey({ entropy: () => draws.shift()! })).to.deep.equal(entropy(32))
  })
  it('is written once, as 64 digits that only its owner may read', async () => {
    const first = await resolveNodeKey({ file: path, entropy })
    expect(await readFile(path, 'utf8')).to.equal(hex(first))
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    expect(await resolveNodeKey({ file: path, entropy: () => expect.fail('drew another') })).to.deep.equal(first)
  })
  it('makes the datadir it is kept in, for its owner only', async () => {
    const deep = join(datadir, 'a', 'b')
    await resolveNodeKey({ file: join(deep, 'nodekey'), entropy })
    expect((await stat(deep)).mode & 0o777).to.equal(0o700)
  })

  for (const [what, ending] of Object.entries({ none: '', LF: '\n', CRLF: '\r\n', 'two LF': '\n\n' }))
    it(`is read from a file that ends with ${what}`, async () => {
      await writeFile(path, digits + ending)
      expect(hex(await resolveNodeKey({ file: path, entropy }))).to.equal(digits)
    })

  for (const [what, text, fault] of [
    ['is empty', '', 'too short'],
    ['has 63 digits', digits.slice(1), 'too short'],
    ['has 65 digits', `${digits}0`, 'too long'],
    ['begins with 0x', `0x${digits}`, 'too long'],
    ['has three newlines', `${digits}\n\n\n`, 'too long'],
    ['has megabytes', 'a'.repeat(2 ** 21), 'too long'],
    ['has a letter beyond f', `g${digits.slice(1)}`, 'invalid hex'],
    ['is zero', '0'.repeat(64), 'not a private key'],
    ["is the group's order", order, 'not a private key'],
  ] as const)
    it(`is not taken from a file that ${what}, and the file stays as it was`, async () => {
      await writeFile(path, text)
      const failure = await failureOf(resolveNodeKey({ file: path, entropy }))
      expect(failure).to.be.instanceOf(NodeKeyError)
      expect(failure.message).to.contain(path).and.contain(fault).and.contain('move it away')
      expect(failure.message).not.to.match(/[0-9a-f]{8}/)
      expect(await readFile(path, 'utf8')).to.equal(text)
    })

  it('is not taken from a directory', async () => {
    expect(await failureOf(readNodeKey(datadir))).to.be.instanceOf(NodeKeyError)
  })
  it('is not replaced when it may not be read', async function () {
    if (process.getuid?.() === 0) return this.skip() // root reads everything
    await writeFile(path, digits, { mode: 0o200 })
    expect(await failureOf(resolveNodeKey({ file: path, entropy }))).to.be.instanceOf(NodeKeyError)
    await chmod(path, 0o600)
    expect(await readFile(path, 'utf8')).to.equal(digits)
  })
  it('cannot be kept below a file', async () => {
    await writeFile(path, digits)
    expect(await failureOf(resolveNodeKey({ file: join(path, 'nodekey'), entropy }))).to.be.instanceOf(NodeKeyError)
  })
  it('must be where the command line says', async () => {
    expect(await failureOf(readNodeKey(path)))
      .to.be.instanceOf(NodeKeyError)
      .with.property('message', `there is no node key file ${path}`)
  })
})

const hex = bytesToHex
