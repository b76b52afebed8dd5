import { type Api, method } from '../rpc/api.ts'
import { optional, string } from '../rpc/params.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import type { Feed } from '../trace/feed.ts'

/** `debug_chart`: the actors of a process and the states they are in. Their contexts, where keys are, are left out. */
export function debugChartApi(feed: Pick<Feed, 'actors'>): Api {
  return {
    namespace: 'debug',
    methods: {
      chart: method([optional(string)], (name) => {
        const actors = feed.actors.map(({ id, ...facts }) => ({ actor: id, ...facts }))
        if (name === undefined) return actors
        const actor = actors.find(({ actor }) => actor === name)
        if (actor) return actor
        throw new RpcError(`no actor ${JSON.stringify(name)}: debug_chart without arguments lists them all`)
      }),
    },
  }
}
