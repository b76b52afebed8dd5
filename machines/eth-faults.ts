import { limits } from '../protocols/eth/limits.ts'
import type { MessageName } from '../protocols/eth/versions.ts'

// Breaches by the remote, disconnected with SubprotocolError (0x10), with geth's texts.

/** The first message of a session was no Status. */
export class NoStatus extends Error {
  override readonly name = 'NoStatus'
  constructor(first: MessageName) {
    super(`no status message: first msg is ${first}`)
  }
}

export class MessageTooLong extends Error {
  override readonly name = 'MessageTooLong'
  constructor(size: number) {
    super(`message too long: ${size} > ${limits.maxMessageBytes}`)
  }
}

/** A code without a message in this version, or Status in a running session. */
export class InvalidMessageCode extends Error {
  override readonly name = 'InvalidMessageCode'
  constructor(code: number) {
    super(`invalid message code: ${code}`)
  }
}

/** A block of proof of work: its time is over. */
export class DisallowedBlock extends Error {
  override readonly name = 'DisallowedBlock'
  constructor(message: MessageName) {
    super(`disallowed block ${message === 'NewBlock' ? 'broadcast' : 'announcement'}`)
  }
}

// What a caller gets instead of an answer.

/** The session has not come as far as the peer set. */
export class NotRegistered extends Error {
  override readonly name = 'NotRegistered'
  constructor() {
    super('peer not registered')
  }
}

/** A sync waits for an answer of this peer for 2 minutes (geth: "peer stalling"). */
export class PeerStalled extends Error {
  override readonly name = 'PeerStalled'
  constructor() {
    super('no answer to a request of the sync in 2 minutes')
  }
}
