#!/usr/bin/env node
import process from 'node:process'
import { runCli } from './program.ts'

// A reader that left (`peerchart dev | head`) is an interrupt: the end is as ordered as any other.
process.stdout.once('error', () => process.kill(process.pid, 'SIGTERM'))
process.stdout.on('error', () => {})

const isTerminal = process.stdin.isTTY && process.stdout.isTTY

process.exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  ...(isTerminal && { terminal: { input: process.stdin, output: process.stdout } }),
  env: process.env,
  signals: process,
  now: Date.now,
  exit: (code) => process.exit(code),
  createNode: async (options) => (await import('../create-node.ts')).createNode(options),
})
