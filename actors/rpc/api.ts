import type { Param } from './params.ts'

// What a namespace offers, as a value: a service of the node's or of a user's own registers it (geth's rpc.API).

export type Api = {
  /** `eth`: its methods are called `eth_…`. Several of them may share one. */
  readonly namespace: string
  /** Served only to who shows a token (the engine API). */
  readonly authenticated?: boolean
  /** By their names without the namespace. */
  readonly methods: Readonly<Record<string, Method>>
  /** By name: `admin_subscribe` takes it as its first argument. */
  readonly subscriptions?: Readonly<Record<string, Subscription>>
}

export type Method = {
  readonly params: readonly Param<unknown>[]
  /** @throws {RpcError} what the caller gets; anything else is a bug of ours */
  run(args: readonly never[]): unknown
}

export type Subscription = {
  readonly params: readonly Param<unknown>[]
  /** @returns what ends it; `notify` may be called from now on, until then */
  open(notify: (result: unknown) => void, args: readonly never[]): () => void
}

type Values<Params extends readonly Param<unknown>[]> = {
  [Index in keyof Params]: Params[Index] extends Param<infer Value> ? Value : never
}

/**
 * A method as a value.
 * @param params in order; only the last ones may be optional
 * @param run gets their values and returns what JSON can say of the result: now, as a promise, or as a generator, which is
 * run in the turns of who asked and may yield promises
 */
export function method<const Params extends readonly Param<unknown>[]>(
  params: Params,
  run: (...args: Values<Params>) => unknown,
): Method {
  // biome-ignore lint/plugin: as many as `params`
  return { params, run: (args) => run(...(args as unknown as Values<Params>)) }
}

/** As {@link method}, of a subscription. */
export function subscription<const Params extends readonly Param<unknown>[]>(
  params: Params,
  open: (notify: (result: unknown) => void, ...args: Values<Params>) => () => void,
): Subscription {
  // biome-ignore lint/plugin: as many as `params`
  return { params, open: (notify, args) => open(notify, ...(args as unknown as Values<Params>)) }
}
