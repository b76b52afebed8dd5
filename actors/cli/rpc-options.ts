import { resolve } from 'node:path'
import type { Logger } from '../log/log.ts'
import { instancePaths, ipcEndpoint } from '../node/instance.ts'
import { readJwtSecret } from '../rpc/jwt-secret.ts'
import type { AuthOptions, RpcOptions } from '../rpc/options.ts'
import { makeDirectory } from '../runtime/make-directory.ts'
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
    ...(ipcPath && { ipc: ipcEndpoint(ipcPath, settings.datadir || undefined) }),
    ...(settings.authHost && { auth: await toAuthOptions(settings.authHost, settings, log) }),
    limits: {
      ...{ bodyBytes: httpBody, batchItems, batchResponseBytes: batchBytes },
      ...{ readTimeout, readHeaderTimeout, writeTimeout, idleTimeout },
    },
  }
}

/** A secret is read at once, so that a bad one is reported at once; one is made only when the datadir is known to be ours. */
async function toAuthOptions(host: string, settings: StartSettings, log: Logger): Promise<AuthOptions> {
  const { authPort: port, authVhosts: vhosts, jwtSecret, datadir } = settings
  const instance = datadir === '' ? undefined : instancePaths(resolve(datadir))
  const path = jwtSecret || instance?.jwtsecret
  if (path === undefined)
    throw new ConfigError('the engine API is served to who has its secret: give --authrpc.jwtsecret, or a --datadir')
  if (instance && path === instance.jwtsecret) await makeDirectory(instance.directory, 0o700)
  return { host, port, vhosts, secret: (await readJwtSecret(path, log)) ?? path }
}
