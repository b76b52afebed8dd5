import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { forkTable } from '../../protocols/chain/fork-table.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { History } from '../explain/history.ts'
import { createLogger } from '../log/log.ts'
import type { PeerchartNode } from '../peerchart/peerchart-node.ts'
import type { Bug, Supervisor } from '../runtime/runtime.ts'
import { bugs, guard, reportBug, stackOf } from '../runtime/supervision.ts'
import { type Heading, recordingFormat, recordingVersion } from '../trace/lines.ts'
import { admit } from './access.ts'
import { recordingOf } from './history-file.ts'
import { InspectorFailed } from './inspector-errors.ts'
import { contentSecurityPolicy, readPageFile } from './page-files.ts'
import type { InspectedSource } from './page-session.ts'
import { Pages, refuse } from './pages.ts'

export type InspectorOptions = {
  /** TCP port on 127.0.0.1, 0 for any free one. @default 0 */
  readonly port?: number
  /** Bytes of history that are kept at most. @default 16 MiB */
  readonly historyBytes?: number
}

/** What an inspector needs of a node. */
export type Inspected = Pick<PeerchartNode, 'feed' | 'id' | 'name'> & {
  /** Names the forks of a peer that is dropped for its fork id. */
  readonly chain?: Partial<Pick<PeerchartNode['chain'], 'config' | 'genesis'>>
  /** Gets bugs that come up while a page is answered: of several nodes, the first gets them. @default standard error */
  supervise?(bug: Bug): void
}
type Named = readonly [name: string | undefined, node: Inspected]

/** Serves a page that shows nodes as they run. It reads them and never changes anything; its address is a secret. */
export class Inspector {
  /** With the token, by which everything that is shown can be read. */
  readonly address: string
  readonly #server: Server
  readonly #end: () => Promise<void>

  private constructor(server: Server, address: string, end: () => Promise<void>) {
    this.#server = server
    this.address = address
    this.#end = end
  }

  /**
   * Follows nodes from here on.
   * @param nodes by name where there are several: `{ 'node-1': node }`; the only one as it is
   * @throws (rejects) {InspectorFailed} the port is taken or not allowed
   */
  static async open(
    nodes: Inspected | Readonly<Record<string, Inspected>>,
    { port = 0, historyBytes }: InspectorOptions = {},
  ): Promise<Inspector> {
    const named: readonly Named[] = isNode(nodes) ? [[undefined, nodes]] : Object.entries(nodes)
    const heading = headingOf(named)
    const history = new History({
      now: () => performance.now(),
      nodes: heading.nodes!,
      forks: heading.forks,
      ...(historyBytes !== undefined && { bytes: historyBytes }),
    })
    const unfollow = named.map(([name, { feed }]) => history.follow(feed, name))
    try {
      const feeds = named.map(([node, { feed }]) => ({ node, feed }))
      const ended = () => {
        for (const end of unfollow) end()
      }
      const [, first] = named[0]!
      const supervisor: Supervisor | undefined = first.supervise && ((bug) => first.supervise?.(bug))
      return await Inspector.show({ heading, history, isRecording: false, feeds }, port, ended, supervisor)
    } catch (error) {
      for (const end of unfollow) end()
      throw error
    }
  }

  /** @throws (rejects) {InspectorFailed} */
  static async show(
    source: InspectedSource,
    port = 0,
    ended = () => {},
    supervisor: Supervisor = logBug,
  ): Promise<Inspector> {
    const token = randomBytes(16).toString('hex')
    const pages = new Pages(source, supervisor)
    const policy = await contentSecurityPolicy()
    const crashed = (error: unknown) => reportBug({ supervisor }, { actor: 'inspector', error, ends: 'connection' })
    const server = createServer((request, response) => {
      guard(
        () => serve(request, response, { token, policy, source }),
        (error) => {
          crashed(error)
          if (response.headersSent) response.destroy()
          else answer(response, 500, 'internal error\n')
        },
      )
    })
    server.maxConnections = mostConnections
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const take = () => {
        const verdict = admit(request, token)
        if ('path' in verdict) pages.welcome(verdict.path, request, socket, head)
        else refuse(socket, verdict.status)
      }
      guard(take, (error) => {
        crashed(error)
        socket.destroy()
      })
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(new InspectorFailed(port, cause)))
      server.listen(port, '127.0.0.1', resolve)
    })
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${token}/`
    return new Inspector(server, address, async () => {
      ended()
      pages.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
  }

  /** Where tools attach that read the events of @statelyai/inspect: a WebSocket, and as secret. */
  get statelyAddress(): string {
    return `${this.address.replace('http', 'ws')}stately`
  }

  /** Ends every page. May be called again. */
  async close(): Promise<void> {
    if (this.#server.listening) await this.#end()
  }
}

/** Of a recording there is no node to log it. */
function logBug(bug: Bug): void {
  bugs.publish(bug)
  createLogger({ verbosity: 1 }).error('A bug of ours ended what it came up in', { err: stackOf(bug.error) })
}

function headingOf(nodes: readonly Named[]): Heading {
  const { config, genesis } = nodes[0]?.[1].chain ?? {}
  const isOneChain =
    genesis && nodes.every(([, { chain }]) => chain?.genesis && equalBytes(chain.genesis.hash, genesis.hash))
  return {
    format: recordingFormat,
    version: recordingVersion,
    client: nodes[0]?.[1].name ?? '',
    startedAt: new Date().toISOString(),
    nodes: nodes.map(([name, { id }]) => ({ ...(name !== undefined && { name }), id })),
    ...(config && isOneChain && { forks: forkTable(config, genesis) }),
  }
}

type Served = { readonly token: string; readonly policy: string; readonly source: InspectedSource }

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { token, policy, source }: Served,
): Promise<void> {
  const verdict = admit(request, token)
  if ('status' in verdict) return answer(response, verdict.status, `${verdict.why}\n`)
  if (verdict.path === '') return void response.writeHead(308, { ...headers, location: `/${token}/` }).end()
  if (verdict.path === '/history.ndjson') return save(response, source)
  const file = await readPageFile(verdict.path)
  if (!file) return answer(response, 404, 'not found\n')
  response.writeHead(200, {
    ...headers,
    'content-type': file.type,
    'content-security-policy': policy,
    'content-length': file.body.length,
  })
  response.end(file.body)
}

/** What is remembered, as a recording: `inspect`, `explain` and `replay` read it. */
async function save(response: ServerResponse, { history, heading }: InspectedSource): Promise<void> {
  const disposition = 'attachment; filename="peerchart.ndjson"'
  response.writeHead(200, {
    ...headers,
    'content-type': 'application/x-ndjson',
    'content-disposition': disposition,
  })
  try {
    await pipeline(Readable.from(recordingOf(history, heading)), response)
  } catch (error) {
    // A browser that gives up has what it has.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  if (status === 405) response.setHeader('allow', 'GET, HEAD')
  response.writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

const headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

const isNode = (nodes: Inspected | Readonly<Record<string, Inspected>>): nodes is Inspected =>
  'feed' in nodes && 'id' in nodes

const mostConnections = 256
