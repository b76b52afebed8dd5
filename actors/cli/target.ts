import { type Command, Option } from 'commander'
import { ipcEndpoint, ipcName } from '../node/instance.ts'
import { RpcClient } from '../rpc/client.ts'
import { RpcCode, RpcError } from '../rpc/rpc-error.ts'
import { toDuration } from './arguments.ts'

/** Which node a command talks to. */
export type Target = { readonly url?: string; readonly datadir?: string; readonly timeout: number }

/** Adds the options of {@link Target} but for `--url`, which some commands have as their argument. */
export function addTarget(command: Command): Command {
  return command
    .option('--datadir <dir>', 'of a node on this machine: its IPC socket is used')
    .addOption(new Option('--timeout <time>', 'for each answer').argParser(toDuration).default(10_000, '10s'))
}

/** Argument and options of a command that asks a node for one thing. */
export const addAddress = (command: Command): Command =>
  addTarget(
    command
      .argument('[address]', 'http://…, ws://… or the path of an IPC socket')
      .option('--url <address>', 'the same, as an option'),
  )

/** @returns what {@link withNode} takes, of a command that {@link addAddress} made */
export const toTarget = <Options extends Target>(address: string | undefined, options: Options): Options =>
  address === undefined ? options : { ...options, url: address }

/**
 * Runs `use` with a connection to the node.
 * @throws (rejects) {NoTarget} {NodeRefused}, and what {@link RpcClient} throws
 */
export async function withNode<Result>(
  { url, datadir, timeout }: Target,
  use: (client: RpcClient) => Promise<Result>,
): Promise<Result> {
  const target = url ?? (datadir === undefined ? undefined : ipcEndpoint(ipcName, datadir))
  if (target === undefined) throw new NoTarget()
  const client = await RpcClient.connect(target, { timeout })
  try {
    return await use(client)
  } catch (error) {
    throw error instanceof RpcError ? new NodeRefused(client.target, error) : error
  } finally {
    client.close()
  }
}

/** No node was named. */
export class NoTarget extends Error {
  override readonly name = 'NoTarget'
  constructor() {
    super('which node? give its address (http://…, ws://…, or the path of its IPC socket) or its --datadir')
  }
}

/** The node answers that it will not, or cannot. */
export class NodeRefused extends Error {
  override readonly name = 'NodeRefused'
  constructor(target: string, cause: RpcError) {
    const isMissing = cause.code === RpcCode.methodNotFound
    const isOpen = /^(?:http|ws)s?:/.test(target) // the socket serves every namespace already
    const cure = isOpen
      ? 'serve its namespace there (--http.api, --ws.api), or use the IPC socket'
      : 'see its methods with attach'
    const advice = isMissing ? `; ${cure}` : ''
    super(`${target} answers: ${cause.message}${advice}`, { cause })
  }
}

/** The node answers something that geth would not. */
export class UnknownAnswer extends Error {
  override readonly name = 'UnknownAnswer'
  constructor(target: string, method: string) {
    super(`${target} does not answer ${method} as geth does; see what it says with attach`)
  }
}
