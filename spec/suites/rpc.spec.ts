import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { byMethod, difference, readRpcTest, runRpcSuite } from './rpc.ts'

describe('the tests of execution-apis', () => {
  const number = (result: unknown) => `{"jsonrpc":"2.0","id":1,"result":${JSON.stringify(result)}}`

  describe('a file', () => {
    it('is its requests with their answers, as they stand there', () => {
      const text = `// a comment\n>> {"method":"a"}\n<< ${number('0x1')}\n\n>> {"method":"b"}\n<< ${number(null)}\n`
      expect(readRpcTest('a/b', text)).to.deep.equal({
        name: 'a/b',
        exchanges: [
          { request: '{"method":"a"}', response: JSON.parse(number('0x1')) },
          { request: '{"method":"b"}', response: JSON.parse(number(null)) },
        ],
        isSpecOnly: false,
      })
    })
    it('says that its answer is an example', () =>
      expect(readRpcTest('a/b', `// speconly: anything\n>> {}\n<< ${number(1)}`).isSpecOnly).to.equal(true))
    for (const text of ['', '// nothing', '>> {}', '<< {}', '>> {}\n< {}'])
      it(`of ${JSON.stringify(text)} is refused`, () => expect(() => readRpcTest('a/b', text)).to.throw(/^a\/b: /))
  })

  describe('an answer', () => {
    const cases: [what: string, expected: object, actual: object, isSpecOnly: boolean, why: string | undefined][] = [
      ['that is equal', { result: [{ a: 1 }] }, { result: [{ a: 1 }] }, false, undefined],
      ['with another value', { result: [{ a: 1 }] }, { result: [{ a: 2 }] }, false, 'result.0.a: expected 1, got 2'],
      ['with a member more', { result: {} }, { result: { b: 2 } }, false, 'result.b: expected nothing, got 2'],
      ['with a member less', { result: { b: 2 } }, { result: {} }, false, 'result.b: expected 2, got nothing'],
      ['whose list is shorter', { result: [1, 2] }, { result: [1] }, false, 'result.1: expected 2, got nothing'],
      ['whose error reads otherwise', { error: { code: -1, message: 'a' } }, { error: { code: -1 } }, false, undefined],
      [
        'with another error',
        { error: { code: -1 } },
        { error: { code: -2 } },
        false,
        'expected {"error":{"code":-1}}, got {"error":{"code":-2}}',
      ],
      [
        'in place of an error',
        { error: { code: -1 } },
        { result: 1 },
        false,
        'expected {"error":{"code":-1}}, got {"result":1}',
      ],
      ['of the same shape, to an example', { result: { a: [1] } }, { result: { a: [], b: 1 } }, true, undefined],
      [
        'of another shape, to an example',
        { result: { a: [1] } },
        { result: { a: null } },
        true,
        'result.a: expected an array, got null',
      ],
      [
        'in place of a result, to an example',
        { result: 1 },
        { error: { code: 1 } },
        true,
        'expected {"result":1}, got {"error":{"code":1}}',
      ],
    ]
    for (const [what, expected, actual, isSpecOnly, why] of cases)
      it(`${what} ${why === undefined ? 'passes' : 'fails, and it says where'}`, () =>
        expect(difference(expected, actual, isSpecOnly)).to.equal(why))
  })

  describe('a run', () => {
    let folder: string
    let server: Server
    let url: string
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'peerchart-rpc-tests-'))
      for (const [name, result] of [
        ['eth_a/right', 'eth_a'],
        ['eth_a/wrong', 'other'],
        ['eth_b/silent', 'silent'],
      ] as const) {
        await mkdir(join(folder, name.split('/')[0]!), { recursive: true })
        await writeFile(join(folder, `${name}.io`), `>> {"method":"${result}"}\n<< ${number('eth_a')}\n`)
      }
      server = createServer(async (request, response) => {
        const { method } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { method: string }
        if (method !== 'silent') response.end(number(method))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    })
    afterEach(async () => {
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true })
    })

    it('has what passed and what failed, and counts them by method', async () => {
      const printed: string[] = []
      const result = await runRpcSuite({ folder, url, run: /eth_a/, print: (line) => printed.push(line) })
      expect(result).to.deep.equal({ passed: ['eth_a/right'], failed: ['eth_a/wrong'], hung: [] })
      expect(byMethod(result)).to.deep.equal(['# eth_a 1 of 2'])
      expect(printed).to.deep.equal([
        '1..2',
        'ok 1 eth_a/right',
        'not ok 2 eth_a/wrong',
        '# result: expected "eth_a", got "other"',
      ])
    })
    it('goes on after what hung', async () => {
      const printed: string[] = []
      const result = await runRpcSuite({ folder, url, run: /eth_b/, timeout: 1, print: (line) => printed.push(line) })
      expect(result).to.deep.equal({ passed: [], failed: [], hung: ['eth_b/silent'] })
      expect(printed).to.deep.equal(['1..1', 'not ok 1 eth_b/silent', '# no answer within 0.001 s'])
    })
    it('is of those alone whose name matches', async () =>
      expect((await runRpcSuite({ folder, url, run: /right/ })).passed).to.deep.equal(['eth_a/right']))
    it('of none says so', async () => {
      const failure = await runRpcSuite({ folder, url, run: /eth_c/ }).catch((error: Error) => error.message)
      expect(failure).to.match(/^no test in .* that matches$/)
    })
  })
})
