import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { instancePaths } from '../instance.ts'
import type { Logger } from '../log.ts'
import { resolveJwtSecret } from '../rpc/jwt-secret.ts'
import type { AuthOptions, RpcOptions } from '../rpc/options.ts'
import { ConfigError } from './config-file.ts'
import type { StartSettings } from './settings.ts'

/** @returns what is served by RPC. @throws (rejects) {ConfigError} {JwtSecretError} */
export async function toRpcOptions(settings: StartSettings, log: Logger): Promise<RpcOptions> {
  const { httpHost, httpPort, httpApi, httpCors, httpVhosts, httpPrefix, ipcPath } = settings
  const { wsHost, wsPort, wsApi, wsOrigins, wsPrefix } = settings
  const { httpBody, batchItems, batchBytes, readTimeout, readHeaderTimeout, writeTimeout, idleTimeout } = settings
  const http = {
    ...{ host: httpHost, port: httpPort, api: httpApi, corsdomain: httpCors, vhosts: httpVhosts },
    rpcprefix: httpPrefix,
  }
  const ws = { host: wsHost, port: wsPort, api: wsApi, origins: wsOrigins, rpcprefix: wsPrefix }
  return {
    ...(httpHost !== '' && { http }),
    ...(wsHost !== '' && { ws }),
    ...(ipcPath && { ipc: ipcAt(ipcPath, settings) }),
    ...(settings.authHost && { auth: await toAuthOptions(settings.authHost, settings, log) }),
    limits: {
      ...{ bodyBytes: httpBody, batchItems, batchResponseBytes: batchBytes },
      ...{ readTimeout, readHeaderTimeout, writeTimeout, idleTimeout },
    },
  }
}

/** geth's Config.IPCEndpoint: a name by itself is in the datadir, or with other temporary files. */
function ipcAt(path: string, { datadir }: StartSettings): string {
  if (process.platform === 'win32') return path.startsWith(pipes) ? path : `${pipes}${path}`
  if (basename(path) !== path) return path
  return join(datadir === '' ? tmpdir() : resolve(datadir), path)
}

const pipes = '\\\\.\\pipe\\'

async function toAuthOptions(host: string, settings: StartSettings, log: Logger): Promise<AuthOptions> {
  const { authPort: port, authVhosts: vhosts, jwtSecret, datadir } = settings
  const instance = datadir === '' ? undefined : instancePaths(resolve(datadir))
  const path = jwtSecret || instance?.jwtsecret
  if (path === undefined)
    throw new ConfigError('the engine API is served to who has its secret: give --authrpc.jwtsecret, or a --datadir')
  if (instance && path === instance.jwtsecret) await mkdir(instance.directory, { recursive: true, mode: 0o700 })
  return { host, port, vhosts, secret: await resolveJwtSecret({ path, entropy: randomBytes, log }) }
}
