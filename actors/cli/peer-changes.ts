import type { Command } from 'commander'
import { parseEnode } from '../../protocols/enode/enode.ts'
import { shortId } from '../peerchart/peer-names.ts'
import { addDialable, addEnode } from './arguments.ts'
import type { Io } from './io.ts'
import { addAddress, type Target, toTarget, withNode } from './target.ts'

type ChangeOptions = Target & { readonly trusted?: boolean; readonly json?: boolean }

export function addAdd(command: Command, io: Io): void {
  addChange(command, io, {
    read: addDialable,
    methods: ['admin_addPeer', 'admin_addTrustedPeer'],
    done: (isTrusted) => (isTrusted ? 'let in above the limit of peers from now on' : 'dialed from now on'),
  })
}

export function addRemove(command: Command, io: Io): void {
  addChange(command, io, {
    read: addEnode,
    methods: ['admin_removePeer', 'admin_removeTrustedPeer'],
    done: (isTrusted) => (isTrusted ? 'trusted no more' : 'no peer any more'),
  })
}

type Change = {
  /** @throws {InvalidArgumentError} */
  readonly read: (url: string) => readonly string[]
  readonly methods: readonly [usual: string, trusted: string]
  /** What is true of the node afterwards. */
  readonly done: (isTrusted: boolean) => string
}

function addChange(command: Command, io: Io, { read, methods, done }: Change): void {
  addAddress(command.argument('<enode>', 'enode://<128 hex>@<host>:<port>', (url: string) => read(url)[0]))
    .option('--trusted', 'change the list of nodes that are let in above the limit instead')
    .option('--json', 'answer in JSON')
    .action(async (enode: string, address: string | undefined, options: ChangeOptions) => {
      const { trusted = false, json = false } = options
      await withNode(toTarget(address, options), (client) => client.call(methods[trusted ? 1 : 0], enode))
      const { id } = parseEnode(enode)
      io.stdout.write(
        json ? `${JSON.stringify({ id, [command.name()]: true, trusted })}\n` : `${shortId(id)} is ${done(trusted)}\n`,
      )
    })
}
