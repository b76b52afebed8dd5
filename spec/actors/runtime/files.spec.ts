import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import {
  FileTooLarge,
  inflated,
  isReadFault,
  readBounded,
  readChunks,
  readStart,
} from '../../../actors/runtime/files.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { failureOf } from '../../failure.ts'

describe('a file that somebody names', () => {
  let dir: string
  const at = (name: string) => join(dir, name)
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-files-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  const fifo = (context: Mocha.Context) => {
    if (process.platform === 'win32') context.skip()
    execFileSync('mkfifo', [at('pipe')])
    return at('pipe')
  }

  it('is read up to the bytes that its kind has', async () => {
    await writeFile(at('file'), 'four')
    expect(`${await readBounded(at('file'), 4)}`).to.equal('four')
    expect(`${await readStart(at('file'), 3)}`).to.equal('fou')
    expect(await failureOf(readBounded(at('file'), 3)))
      .to.be.instanceOf(FileTooLarge)
      .with.property('message', 'it has more than 3 bytes, the most that is read')
  })
  it('is read no further when it is larger than any memory, or never ends', async function () {
    const file = await open(at('sparse'), 'w')
    await file.truncate(5 * 2 ** 30)
    await file.close()
    const endless = existsSync('/dev/zero') ? ['/dev/zero'] : this.skip()
    for (const path of [at('sparse'), ...endless]) {
      const error = await failureOf(readBounded(path, 1 << 20))
      expect(error.message).to.equal('it has more than 1 MiB, the most that is read')
      let read = 0
      for await (const chunk of readChunks(path)) {
        read += chunk.length
        if (read > 1 << 20) break
      }
      expect(read).to.be.below(2 << 20)
    }
  })
  it('may be a pipe, which is waited for without a thread', async function () {
    const path = fifo(this)
    const read = readBounded(path, 100)
    const other = readBounded(path, 100) // a thread each would be two of the four that there are
    await writeFile(path, 'said')
    expect(`${await read}${await other}`).to.equal('said')
  })
  it('says what the system says', async () => {
    await symlink(at('loop'), at('loop'))
    for (const [path, code] of [
      [dir, 'EISDIR'],
      [at('loop'), 'ELOOP'],
      [at('none'), 'ENOENT'],
    ] as const) {
      const error = await failureOf(readBounded(path, 1))
      expect(error).to.have.property('code', code)
      expect(isReadFault(error)).to.equal(true)
    }
  })

  describe('and may be compressed', () => {
    const text = Buffer.from('what was said, '.repeat(10_000))
    async function* pieces(bytes: Uint8Array, size: number) {
      for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
    }
    const all = async (bytes: Uint8Array, size: number) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of inflated(pieces(bytes, size))) chunks.push(chunk)
      return concatBytes(...chunks)
    }

    it('by gzip, which is recognized by its first bytes', async () => {
      const twice = Buffer.concat([gzipSync(text), gzipSync(text)])
      for (const size of [1, 3, 1 << 20]) {
        expect(Buffer.from(await all(gzipSync(text), size)).equals(text)).to.equal(true)
        expect(await all(twice, size)).to.have.length(2 * text.length)
      }
    })
    it('or not', async () => {
      for (const plain of [text, Buffer.alloc(0), Buffer.of(0x1f), Buffer.of(0x1f, 0x8c), deflateSync(text)])
        expect(Buffer.from(await all(plain, 100)).equals(plain)).to.equal(true)
    })
    it('and is given piece by piece, however much it inflates to', async () => {
      const bomb = gzipSync(Buffer.alloc(64 << 20))
      let largest = 0
      let size = 0
      for await (const chunk of inflated(pieces(bomb, 1 << 20))) {
        largest = Math.max(largest, chunk.length)
        size += chunk.length
        if (size > 1 << 20) break
      }
      expect(largest).to.be.at.most(1 << 20)
    })
    it('and damaged or cut off, which comes after what is whole', async () => {
      const whole = gzipSync(text)
      for (const bad of [whole.subarray(0, -9), whole.fill(0xff, 200)]) {
        let size = 0
        const error = await failureOf(
          (async () => {
            for await (const chunk of inflated(pieces(bad, 64))) size += chunk.length
          })(),
        )
        expect(isReadFault(error), error.message).to.equal(true)
        expect(error.message).to.not.contain('\n')
        expect(size).to.be.below(text.length + 1)
      }
    })
    it('and what breaks off in the reading of it is said', async () => {
      async function* failing() {
        yield gzipSync(text).subarray(0, 20)
        throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5 })
      }
      const error = await failureOf(
        (async () => {
          for await (const _ of inflated(failing()));
        })(),
      )
      expect(error.message).to.equal('EIO: i/o error, read')
    })
  })
})
