import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import { runConsole } from '../../../../actors/cli/console/console.ts'
import { History } from '../../../../actors/cli/console/history.ts'
import { explain } from '../../../../actors/cli/failures.ts'
import { RpcClient } from '../../../../actors/rpc/client.ts'
import { RpcClosed } from '../../../../actors/rpc/client-errors.ts'
import { type Answer, hangUp, ipcEndpoint } from '../../rpc/scripted-endpoints.ts'

describe('the console', () => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  const results: Readonly<Record<string, unknown>> = {
    rpc_modules: { admin: '1.0', eth: '1.0', rpc: '1.0' },
    web3_clientVersion: 'Geth/v1.17.5',
    eth_blockNumber: '0x258',
    admin_peers: [{ id: 'ab', name: 'Reth' }],
  }
  const node: Answer = ({ id, method }) => {
    if (method === 'admin_hangUp') return [hangUp]
    if (method === 'admin_sleep') return []
    if (method in results) return [JSON.stringify({ jsonrpc: '2.0', id, result: results[method] })]
    const error = { code: -32_601, message: `the method ${method} does not exist/is not available` }
    return [JSON.stringify({ jsonrpc: '2.0', id, error })]
  }

  async function open(before: readonly string[] = []) {
    const endpoint = await ipcEndpoint(node)
    const dir = await mkdtemp(join(tmpdir(), 'peerchart-console-'))
    const path = join(dir, 'history')
    await writeFile(path, before.map((line) => `${line}\n`).join(''))
    const client = await RpcClient.connect(endpoint.target)
    closing.push(
      () => rm(dir, { recursive: true }),
      endpoint.close,
      () => client.close(),
    )
    const [input, output] = [new PassThrough(), new PassThrough()]
    let seen = ''
    let look = () => {}
    output.setEncoding('utf8').on('data', (text) => {
      seen += text
      look()
    })
    const ended = runConsole({
      client,
      terminal: { input, output },
      history: new History(path),
      explain: async (error) => explain(error),
    })
    return {
      ended,
      type: (...keys: string[]) => {
        for (const key of keys) input.write(key)
      },
      /** Waits for a text after what was waited for before. */
      see: (text: string) =>
        new Promise<void>((resolve) => {
          look = () => {
            const plain = stripVTControlCharacters(seen)
            if (!plain.includes(text)) return
            seen = plain.slice(plain.indexOf(text) + text.length)
            look = () => {}
            resolve()
          }
          look()
        }),
      history: () => readFile(path, 'utf8'),
    }
  }

  it('welcomes as geth does, answers, remembers, and ends with Ctrl-D', async () => {
    const { see, type, ended, history } = await open()
    await see('Attached to Geth/v1.17.5\n at block: 600\n modules: admin eth rpc\n')
    type('admin.peers[0].name\n')
    await see('"Reth"\n')
    type('eth.blockNumber\n')
    await see('"0x258"  600\n')
    type('\u0004')
    await ended
    expect(await history()).to.equal('admin.peers[0].name\neth.blockNumber\n')
  })
  it('ends with `exit`', async () => {
    const { see, type, ended } = await open()
    await see('> ')
    type('exit\n')
    await ended
  })
  it('answers a mistake and a refusal in one line each, and goes on', async () => {
    const { see, type, ended } = await open()
    type('nonsense(\n')
    await see('error: the arguments do not end: a bracket or a quotation mark is missing\n')
    type('eth.nothing\n')
    await see('error: the method eth_nothing does not exist/is not available\n')
    type('admin.peers[3]\n')
    await see('error: the result has no [3]; it has 0\n')
    type('exit\n')
    await ended
  })
  it('completes with Tab', async () => {
    const { see, type, ended } = await open()
    await see('> ')
    type('ad', '\t', 'pe', '\t', '[0].id\n')
    await see('"ab"\n')
    type('exit\n')
    await ended
  })
  it('goes back to lines of earlier consoles', async () => {
    const { see, type, ended, history } = await open(['eth.blockNumber', 'admin.peers[0].id'])
    await see('> ')
    type('\u001b[A', '\u001b[A', '\n')
    await see('"0x258"')
    type('exit\n')
    await ended
    expect(await history()).to.equal('admin.peers[0].id\neth.blockNumber\nexit\n')
  })
  it('drops a line upon Ctrl-C, and ends upon a second', async () => {
    const { see, type, ended, history } = await open()
    await see('> ')
    type('admin.pee', '\u0003')
    await see('^C\n')
    type('\u0003')
    await ended
    expect(await history()).to.equal('')
  })
  it('gives up a call upon Ctrl-C', async () => {
    const { see, type, ended } = await open()
    await see('> ')
    type('admin.sleep\n')
    await see('admin.sleep')
    type('\u0003')
    await see('given up\n')
    type('eth.blockNumber\n')
    await see('"0x258"')
    type('\u0004')
    await ended
  })
  it('answers pasted lines one after the other', async () => {
    const { see, type, ended } = await open()
    type('admin.peers[0].id\neth.blockNumber\n')
    await see('"ab"')
    await see('"0x258"')
    type('exit\n')
    await ended
  })
  it('ends when the node goes, and says so', async () => {
    const { see, type, ended } = await open()
    const fault = ended.catch((error) => error)
    await see('> ')
    type('admin.hangUp\n')
    await see('has closed the connection')
    expect(await fault).to.be.instanceOf(RpcClosed)
  })
})
