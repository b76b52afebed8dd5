import type { Header } from '../../protocols/chain/header.ts'
import { ExecutionStopped } from '../chain/execution-port.ts'
import type { StateMethodArgs, StateMethodCall, StateMethodName } from '../execution/methods/methods.ts'
import type { StatePort } from '../execution/queries.ts'
import { PrintedJson } from '../rpc/json/print.ts'
import { RpcCode, RpcError } from '../rpc/rpc-error.ts'

/**
 * Runs a method where the states are.
 * @returns what JSON can say, or JSON already
 * @throws (rejects) {RpcError} what the caller gets
 */
export type StateCaller = (call: StateMethodCall) => Promise<unknown>

/** Runs a method on the state after a block. */
export type RunStateMethod = <Name extends StateMethodName>(
  header: Header,
  name: Name,
  ...args: StateMethodArgs<Name>
) => Promise<unknown>

/**
 * Runs methods in the thread of the execution.
 * BOUNDED: maxWaiting calls at a time, over all clients; more are refused.
 */
export function stateCaller(states: StatePort): StateCaller {
  let waiting = 0
  return async (call) => {
    if (waiting >= maxWaiting) throw new RpcError('too many calls at a time', RpcCode.server)
    waiting++
    try {
      return new PrintedJson([await states.query('method', call)])
    } catch (error) {
      throw error instanceof ExecutionStopped ? new RpcError('the node is stopping') : error
    } finally {
      waiting--
    }
  }
}

const maxWaiting = 1_024
