import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import { type Answer, type Endpoint, httpEndpoint, ipcEndpoint, wsEndpoint } from '../rpc/scripted-endpoints.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('peerchart attach', () => {
  const node: Answer = ({ id, method, params }) => {
    if (method === 'admin_sleep') return []
    if (method.startsWith('x_')) return [JSON.stringify({ jsonrpc: '2.0', id, result: { [method]: params } })]
    const error = { code: -32_601, message: `the method ${method} does not exist/is not available` }
    return [JSON.stringify({ jsonrpc: '2.0', id, error })]
  }
  const run = async (args: readonly string[], input = '') => {
    const io = new ScriptedIo()
    io.stdin.end(input)
    const status = await runCli(['attach', ...args], io)
    return { status, out: io.out, err: io.err }
  }

  for (const [name, open] of Object.entries({ HTTP: httpEndpoint, WebSocket: wsEndpoint, IPC: ipcEndpoint }))
    describe(`over ${name}`, () => {
      let endpoint: Endpoint
      before(async () => {
        endpoint = await open(node)
      })
      after(() => endpoint.close())

      it('makes one call and prints its result', async () => {
        const { status, out, err } = await run([endpoint.target, '--exec', 'x.y("z", 1)'])
        expect({ status, err }).to.deep.equal({ status: 0, err: '' })
        expect(JSON.parse(out)).to.deep.equal({ x_y: ['z', 1] })
      })
      it('fails in one line that says what to do', async () => {
        const { status, out, err } = await run([endpoint.target, '--exec', 'admin.peers'])
        expect({ status, out }).to.deep.equal({ status: 1, out: '' })
        expect(err).to.equal(
          `error: ${endpoint.target} answers: the method admin_peers does not exist/is not available; ` +
            `${name === 'IPC' ? 'see its methods with attach' : 'serve its namespace there (--http.api, --ws.api), or use the IPC socket'}\n`,
        )
      })
      it('answers standard input line by line, to the last', async () => {
        const { status, out, err } = await run([endpoint.target], 'x_a [1]\n\nnonsense(\nadmin.peers\nx.b()\n')
        expect(status).to.equal(1)
        expect(out).to.equal('{\n  "x_a": [\n    1\n  ]\n}\n{\n  "x_b": []\n}\n')
        const [mistake, refusal, sum] = err.split('\n')
        expect(mistake).to.match(/^error: the arguments do not end/)
        expect(refusal).to.match(/^error: the method admin_peers does not exist/)
        expect(sum).to.equal('error: 2 of 4 calls failed')
      })
      it('ends with 0 when every line was answered', async () => {
        expect(await run([endpoint.target], 'x.y')).to.deep.equal({ status: 0, out: '{\n  "x_y": []\n}\n', err: '' })
      })
      it('ends standard input with exit, and has help', async () => {
        const { status, out, err } = await run([endpoint.target], 'help\nx.y\nexit\nadmin.peers\n')
        expect({ status, err }).to.deep.equal({ status: 0, err: '' })
        expect(out).to.match(/^A line is one call[^{]+eth\.getBlock\(600\)[^}]+\}\n[^{]+\{\n {2}"x_y": \[\]\n\}\n$/)
        expect(await run([endpoint.target, '--exec', 'help'])).to.include({ status: 0, err: '' })
      })
      it('waits no longer than it was asked to', async () => {
        const { status, err } = await run([endpoint.target, '--timeout', '30ms', '--exec', 'admin.sleep'])
        expect(status).to.equal(1)
        expect(err).to.match(/^error: no answer to admin_sleep from \S+ within 0\.03 s; raise --timeout[^\n]*\n$/)
      })
    })

  describe('with --datadir', () => {
    let dir: string
    let server: Server
    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'peerchart-attach-'))
      await mkdir(join(dir, 'data'))
      server = createServer((socket) =>
        socket.on('data', (data) => socket.write(`${node(JSON.parse(String(data)))[0]}\n`)),
      )
      await new Promise<void>((resolve) => server.listen(join(dir, 'data/peerchart.ipc'), resolve))
    })
    after(async () => {
      server.close()
      await rm(dir, { recursive: true, force: true })
    })
    it('finds the socket of the node there', async () => {
      const { status, out } = await run(['--datadir', join(dir, 'data'), '--exec', 'x.y'])
      expect({ status, out }).to.deep.equal({ status: 0, out: '{\n  "x_y": []\n}\n' })
    })
    it('says so where there is none', async () => {
      const { status, err } = await run(['--datadir', join(dir, 'other'), '--exec', 'x.y'])
      expect(status).to.equal(1)
      expect(err).to.match(/^error: nothing listens at \S+other\/peerchart\.ipc; start the node, [^\n]*\n$/)
    })
  })

  for (const [line, complaint] of [
    ['', /which node\? give its address .* or its --datadir/],
    ['127.0.0.1:8545', /is no address of a node/],
    ['ftp://127.0.0.1', /is no address of a node/],
    ['http://127.0.0.1:9 --exec admin.peers', /^error: (nothing listens at|http:\S+ cannot be reached)/],
    ['a b', /too many arguments/],
    ['--timeout soon', /'soon' is invalid/],
  ] as const)
    it(`refuses \`attach ${line}\` in one line`, async () => {
      const { status, out, err } = await run(line.split(' ').filter(Boolean))
      expect({ status, out }).to.deep.equal({ status: 1, out: '' })
      expect(err)
        .to.match(complaint)
        .and.match(/^error: [^\n]+\n$/)
    })
})
