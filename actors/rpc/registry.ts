import type { Logger } from '../log/log.ts'
import type { Api, Method, Subscription } from './api.ts'

/** What one endpoint offers, by name. */
export class Registry {
  /** By full name: `eth_blockNumber`. BOUNDED: by the APIs, as what follows. */
  readonly #methods: ReadonlyMap<string, Method>
  /** By namespace and name: `eth newHeads`. */
  readonly #subscriptions: ReadonlyMap<string, Subscription>

  constructor(apis: readonly Api[]) {
    this.#methods = new Map([['rpc_modules', modulesMethod(apis)], ...apis.flatMap(methodsOf)])
    this.#subscriptions = new Map(apis.flatMap(subscriptionsOf))
  }

  method(name: string): Method | undefined {
    return this.#methods.get(name)
  }

  subscription(namespace: string, name: string): Subscription | undefined {
    return this.#subscriptions.get(`${namespace} ${name}`)
  }
}

/**
 * The APIs of an endpoint that serves `modules`: an empty list is all of them. Unknown names are logged, and
 * harm nothing (geth RegisterApis).
 */
export function pickApis(apis: readonly Api[], modules: readonly string[], log: Logger): readonly Api[] {
  if (modules.length === 0) return apis
  const available = [...new Set(apis.map(({ namespace }) => namespace))]
  const unavailable = modules.filter((name) => !available.includes(name) && name !== 'rpc' && name !== 'engine')
  if (unavailable.length > 0) log.error('Unavailable modules in HTTP API list', { unavailable, available })
  return apis.filter(({ namespace }) => modules.includes(namespace))
}

function methodsOf({ namespace, methods }: Api): [string, Method][] {
  return Object.entries(methods).map(([name, method]) => [`${namespace}_${name}`, method])
}

function subscriptionsOf({ namespace, subscriptions = {} }: Api): [string, Subscription][] {
  return Object.entries(subscriptions).map(([name, subscription]) => [`${namespace} ${name}`, subscription])
}

function modulesMethod(apis: readonly Api[]): Method {
  const names = [...new Set(['rpc', ...apis.map(({ namespace }) => namespace)])].sort()
  const modules = Object.fromEntries(names.map((name) => [name, '1.0']))
  return { params: [], run: () => modules }
}
