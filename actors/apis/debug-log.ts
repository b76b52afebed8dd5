import { type LogLevels, VmoduleError } from '../log/log-levels.ts'
import { type Api, method } from '../rpc/api.ts'
import { int, string } from '../rpc/params.ts'
import { RpcError } from '../rpc/rpc-error.ts'

/** Those of geth's `debug` namespace that change how much is logged. */
export function debugLogApi(levels: LogLevels): Api {
  return {
    namespace: 'debug',
    methods: {
      verbosity: method([int], (level) => {
        levels.setVerbosity(level)
        return null
      }),
      vmodule: method([string], (ruleset) => {
        try {
          levels.setVmodule(ruleset)
        } catch (error) {
          if (error instanceof VmoduleError) throw new RpcError(error.message)
          throw error
        }
        return null
      }),
    },
  }
}
