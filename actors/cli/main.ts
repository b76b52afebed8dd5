#!/usr/bin/env node
import process from 'node:process'
import { endure } from './endure.ts'
import { runCli } from './program.ts'

// A reader that left (`peerchart dev | head`) is an interrupt for a command that handles one: the end is as ordered as any other. So
// is a full disk, which is an error, too.
let lost: Error | undefined
let hasReaderLeft = false
endure(process.stdout, (error) => {
  if (error.code === 'EPIPE') hasReaderLeft = true
  else lost = error
  if (process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM')
})
// A stream reports its faults in its own time, which may be after all else.
process.once('exit', () => {
  if (!lost) return
  process.stderr.write(`error: standard output cannot be written: ${lost.message}\n`)
  process.exitCode ||= 1
})
endure(process.stderr, () => {}) // who does not read the log does not end the node

const isTerminal = process.stdin.isTTY && process.stdout.isTTY

process.exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  ...(isTerminal && { terminal: { input: process.stdin, output: process.stdout } }),
  env: process.env,
  signals: process,
  hasReaderLeft: () => hasReaderLeft,
  now: Date.now,
  exit: (code) => process.exit(code),
  createNode: async (options) => (await import('../peerchart/create-node.ts')).createNode(options),
})
