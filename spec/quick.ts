import childProcess from 'node:child_process'
import dgram from 'node:dgram'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

// Required by `npm run test:quick`: what opens a socket or starts a process does not belong to the inner loop, and fails;
// what takes long is left out (long.ts).

process.env.PEERCHART_QUICK = '1'

const refuse = (what: string) => () => {
  throw new Error(`${what}: not in test:quick`)
}

// What runs the files is a process that starts others.
if (process.env.MOCHA_WORKER_ID !== undefined) {
  Object.assign(net.Socket.prototype, { connect: refuse('a socket') })
  Object.assign(net.Server.prototype, { listen: refuse('a listener') })
  Object.assign(dgram.Socket.prototype, { bind: refuse('a UDP socket'), send: refuse('a UDP socket') })
  Object.assign(childProcess.ChildProcess.prototype, { spawn: refuse('a process') })
  Object.assign(childProcess, { spawnSync: refuse('a process'), execFileSync: refuse('a process') })
  syncBuiltinESMExports()
}
