import { rpcLimits } from '../rpc/options.ts'
import { flag, setting, topic } from './setting.ts'
import * as kinds from './setting-kinds.ts'

// Rows of settings.ts: how a node is asked, as geth's flags say it. An address that is empty is one that is not served.

const { text, list, port, optional } = kinds
export const loopback = '127.0.0.1'
/** As geth's command line has them. */
const modules = ['net', 'web3', 'eth']

/** `--http` serves, `--http.addr` says where; a file says both at once. */
const served = (host: string) => host || loopback
const where = (host: string, address: string) => (host === '' ? '' : address)

export const http = topic('RPC over HTTP:', {
  httpHost: setting(
    text,
    '',
    'Node.HTTPHost',
    flag('--http', 'serve JSON-RPC over HTTP', { apply: served }),
    flag('--http.addr <address>', 'address to listen on', { apply: where, initial: loopback }),
  ),
  httpPort: setting(port, 8545, 'Node.HTTPPort', flag('--http.port <number>', 'TCP port to listen on, 0 for any')),
  httpApi: setting(list, modules, 'Node.HTTPModules', flag('--http.api <list>', 'namespaces served, `admin,eth,…`')),
  httpCors: setting(
    list,
    [],
    'Node.HTTPCors',
    flag('--http.corsdomain <list>', 'origins that pages may come from, `*` for any'),
  ),
  httpVhosts: setting(
    list,
    ['localhost'],
    'Node.HTTPVirtualHosts',
    flag('--http.vhosts <list>', 'names that a request may call the node by, beside addresses; `*` for any'),
  ),
  httpPrefix: setting(
    kinds.pathPrefix,
    '',
    'Node.HTTPPathPrefix',
    flag('--http.rpcprefix <path>', 'path that is served; `/` for all below it too'),
  ),
  httpBody: setting(kinds.whole(1, 2 ** 31), rpcLimits.bodyBytes, 'Node.HTTPBodyLimit'),
})

export const ws = topic('RPC over WebSocket:', {
  wsHost: setting(
    text,
    '',
    'Node.WSHost',
    flag('--ws', 'serve JSON-RPC over WebSocket', { apply: served }),
    flag('--ws.addr <address>', 'address to listen on', { apply: where, initial: loopback }),
  ),
  wsPort: setting(port, 8546, 'Node.WSPort', flag('--ws.port <number>', 'TCP port to listen on, 0 for any')),
  wsApi: setting(list, modules, 'Node.WSModules', flag('--ws.api <list>', 'namespaces served')),
  wsOrigins: setting(
    list,
    [],
    'Node.WSOrigins',
    flag('--ws.origins <list>', 'origins that pages may come from, `*` for any'),
  ),
  wsPrefix: setting(kinds.pathPrefix, '', 'Node.WSPathPrefix', flag('--ws.rpcprefix <path>', 'path that is served')),
})

export const ipc = topic('RPC over a socket:', {
  ipcPath: setting(
    optional(text),
    undefined,
    'Node.IPCPath',
    flag(
      '--ipcpath <path>',
      'of the socket; a name by itself is in the datadir, `peerchart.ipc` unless said otherwise',
      {
        conflicts: ['ipcdisable'],
      },
    ),
    flag('--ipcdisable', 'no socket', { apply: () => '' }),
  ),
})

/** What a consensus client needs. geth serves it always; here it is served once any of its settings is said. */
export const authrpc = topic('Engine API:', {
  authHost: setting(
    optional(text),
    undefined,
    'Node.AuthAddr',
    flag('--authrpc.addr <address>', 'serve the engine API here, for a consensus client', { initial: loopback }),
  ),
  authPort: setting(port, 8551, 'Node.AuthPort', flag('--authrpc.port <number>', 'TCP port to listen on, 0 for any')),
  authVhosts: setting(
    list,
    ['localhost'],
    'Node.AuthVirtualHosts',
    flag('--authrpc.vhosts <list>', 'names that a request may call the node by, beside addresses; `*` for any'),
  ),
  jwtSecret: setting(
    optional(text),
    undefined,
    'Node.JWTSecret',
    flag('--authrpc.jwtsecret <file>', 'the secret that both share; else `peerchart/jwtsecret` in the datadir'),
  ),
})

const { batchItems, batchResponseBytes } = rpcLimits
const most = 2 ** 31 - 1

export const limits = topic('RPC limits:', {
  batchItems: setting(
    kinds.whole(1, most),
    batchItems,
    'Node.BatchRequestLimit',
    flag('--rpc.batch-request-limit <number>', 'requests in a batch'),
  ),
  batchBytes: setting(
    kinds.whole(1, most),
    batchResponseBytes,
    'Node.BatchResponseMaxSize',
    flag('--rpc.batch-response-max-size <bytes>', 'of all the answers to a batch'),
  ),
  readTimeout: setting(kinds.duration, rpcLimits.readTimeout, 'Node.HTTPTimeouts.ReadTimeout'),
  readHeaderTimeout: setting(kinds.duration, rpcLimits.readHeaderTimeout, 'Node.HTTPTimeouts.ReadHeaderTimeout'),
  writeTimeout: setting(kinds.duration, rpcLimits.writeTimeout, 'Node.HTTPTimeouts.WriteTimeout'),
  idleTimeout: setting(kinds.duration, rpcLimits.idleTimeout, 'Node.HTTPTimeouts.IdleTimeout'),
})
