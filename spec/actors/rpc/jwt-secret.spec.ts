import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { silent } from '../../../actors/log/log.ts'
import { JwtSecretError, resolveJwtSecret } from '../../../actors/rpc/jwt-secret.ts'
import { failureOf } from '../../failure.ts'

describe('the JWT secret', () => {
  let directory: string
  let path: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-jwt-'))
    path = join(directory, 'jwtsecret')
  })
  afterEach(() => rm(directory, { recursive: true }))

  const entropy = (length: number) => new Uint8Array(length).fill(0xab)
  const resolve = (at: string | undefined) => resolveJwtSecret({ path: at, entropy, log: silent })

  it('is read as geth reads it: 64 hex digits, with or without 0x, with space around', async () => {
    for (const text of ['cd'.repeat(32), `0x${'CD'.repeat(32)}`, ` ${'cd'.repeat(32)}\n\n`]) {
      await writeFile(path, text)
      expect(await resolve(path)).to.deep.equal(new Uint8Array(32).fill(0xcd))
    }
  })
  it('is made when there is none, for its owner alone', async () => {
    expect(await resolve(path)).to.deep.equal(entropy(32))
    expect(await readFile(path, 'utf8')).to.equal(`0x${'ab'.repeat(32)}`)
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
  })
  it('lives as long as the process without a path', async () => {
    expect(await resolve(undefined)).to.deep.equal(entropy(32))
  })
  for (const text of ['', 'ab', 'zz'.repeat(32), 'ab'.repeat(33)])
    it(`is refused when the file holds "${text.slice(0, 8)}" of ${text.length} characters, and the file is kept`, async () => {
      await writeFile(path, text)
      const error = await failureOf(resolve(path))
      expect(error).to.be.instanceOf(JwtSecretError)
      expect(error.message).to.match(/^invalid JWT secret in .*jwtsecret: want 64 hex digits; /)
      expect(await readFile(path, 'utf8')).to.equal(text)
    })
  it('says what cannot be read, and what cannot be written', async () => {
    expect((await failureOf(resolve(directory))).message).to.match(/^cannot read the JWT secret .*EISDIR/)
    expect((await failureOf(resolve(join(directory, 'none', 'jwt')))).message).to.match(
      /^cannot write the JWT secret .*ENOENT/,
    )
  })
})
