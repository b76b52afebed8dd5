import { InvalidGenesis } from '../../protocols/chain/json-fields.ts'
import { TreeError } from '../../protocols/dnsdisc/tree.ts'
import { EnodeError } from '../../protocols/enode/enode.ts'
import { RecordError } from '../../protocols/enr/record.ts'
import { ImportError } from '../chain/import.ts'
import { CorruptDatabase, DatabaseFailed, DatabaseLocked } from '../chain/store.ts'
import { WrongGenesis } from '../chain/stored-chain.ts'
import { DnsLookupFailed } from '../discovery/dns/txt-lookup.ts'
import { InspectorFailed, InspectorUnreachable } from '../inspector/inspector-errors.ts'
import { printable } from '../log/log.ts'
import { MetricsListenFailed } from '../metrics/metrics-server.ts'
import { NodeKeyError } from '../node/node-key.ts'
import { NothingToSay } from '../probe/replay-to-peer.ts'
import { RecordingError } from '../recording/reader.ts'
import { RpcClientError } from '../rpc/client-errors.ts'
import { JwtSecretError } from '../rpc/jwt-secret.ts'
import { RpcListenFailed } from '../rpc/listen.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import { UnreadableFile } from '../runtime/files.ts'
import { NoTemporaryDirectory } from '../runtime/temporary-directory.ts'
import { ScriptError } from '../scripted-peer/transcript.ts'
import { ConfigError } from './config-file.ts'
import { ExpressionError } from './console/expression.ts'
import { CaptureFileError } from './decode.ts'
import { PeerUnknown } from './explain.ts'
import { ImportInterrupted } from './import-progress.ts'
import { KeystoreError } from './keystore.ts'
import { NodeSetError } from './node-set.ts'
import { AnswersDiffer, ReplayDiffers } from './replay.ts'
import { NodeRefused, NoTarget, UnknownAnswer } from './target.ts'

/**
 * To be loaded when something went wrong: it knows the errors of every part, and so brings them all.
 * @returns what is wrong and what to do about it, in one line; nothing when the user cannot mend it
 */
export function explain(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const advice = adviceOf(cause)
    // What wraps the cause says where it happened.
    if (advice !== undefined) return toOneLine(`${messageOf(error as Error)}${advice && `; ${advice}`}`)
  }
  return undefined
}

/** A script's has the exchange behind its first line. */
const messageOf = (error: Error) => (error instanceof ScriptError ? error.message.replace(/\n.*/s, '') : error.message)

function adviceOf(error: Error): string | undefined {
  const known = mendable.find(([fault]) => error instanceof fault)
  if (known) return known[1]
  if (!('code' in error && typeof error.code === 'string')) return error instanceof UnreadableFile ? '' : undefined
  return systemAdvice[error.code] ?? (isOfFile(error) ? '' : undefined)
}

/** What a system says of a file that somebody named needs no stack, whatever it says. */
const isOfFile = (error: Error) => error instanceof UnreadableFile || ('path' in error && 'syscall' in error)

const mendable: readonly (readonly [fault: abstract new (...args: never) => Error, advice: string])[] = [
  [NodeKeyError, ''],
  [ConfigError, ''],
  [JwtSecretError, ''],
  [RpcListenFailed, ''],
  [CaptureFileError, ''],
  [ExpressionError, ''],
  [NoTarget, ''],
  [NodeRefused, ''],
  [UnknownAnswer, ''],
  [RpcError, ''],
  [RpcClientError, ''],
  [MetricsListenFailed, ''],
  [RecordingError, ''],
  [ReplayDiffers, ''],
  [AnswersDiffer, ''],
  [TreeError, ''],
  [KeystoreError, ''],
  [NodeSetError, 'want a nodes.json as geth writes it'],
  [DnsLookupFailed, 'see that the DNS server answers, or name another with --resolver'],
  [NothingToSay, 'give another --peer, or a recording of a node that had peers'],
  [ScriptError, '`connect --explain` shows all that is said'],
  [RecordError, 'want a record as enr:…, signed by its node'],
  [EnodeError, 'want enode://<128 hex>@<host>:<port>'],
  [InvalidGenesis, 'give --genesis a genesis.json as geth takes it'],
  [InspectorFailed, 'choose another port with --inspect, or leave it to chance'],
  [InspectorUnreachable, 'give the address that --inspect printed'],
  [PeerUnknown, 'leave --peer out to list them'],
  [ImportError, 'what came before it is kept: give --import a file that geth exported from this very chain'],
  [ImportInterrupted, 'the same command goes on from there'],
  [WrongGenesis, 'choose another --datadir, or the chain that this one was made for'],
  [DatabaseLocked, 'stop that process, or choose another --datadir'],
  [NoTemporaryDirectory, 'set TMPDIR to a directory that this user may write to'],
  [DatabaseFailed, 'make room on the disk, then run the same command again'],
  [CorruptDatabase, 'restore it, or remove that directory to sync again'],
]

const systemAdvice: Readonly<Record<string, string>> = {
  EADDRINUSE: 'choose another with --port, 0 for any',
  EADDRNOTAVAIL: 'this machine does not have the address: choose one with --host',
  ENOTFOUND: 'choose an address of this machine with --host',
  EACCES: 'this user may not: choose another place or port',
  EPERM: 'this user may not: choose another place or port',
  ENOENT: 'name what is there',
  ENOTDIR: 'name a directory',
  EISDIR: 'name a file, not a directory',
  EEXIST: 'name a directory, not a file',
  ENOSPC: 'make room on the disk, then run the same command again',
  ELOOP: 'a link leads to itself: name a file',
  EROFS: 'the disk is read-only: choose another place',
  EMFILE: 'raise the limit of open files (ulimit -n)',
}

const toOneLine = (text: string) => printable(text.trim().replace(/\s*\n\s*/g, ' '))
