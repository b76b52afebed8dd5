import type { Command } from 'commander'
import { createLogger } from '../log/log.ts'
import { givenChunks, givenName } from './given-file.ts'
import type { Io } from './io.ts'
import { duration, port } from './setting-kinds.ts'
import { watchSignals } from './signals.ts'

type InspectOptions = { readonly port: number; readonly for?: number }

export function addInspect(command: Command, io: Io): void {
  command
    .argument('<file>', 'a recording, as --record writes it, or - for standard input')
    .option('--port <number>', 'where the page is served, on 127.0.0.1; 0 for any', port.parse!, 0)
    .option('--for <time>', 'end after this time, as `20s` or `5m`', duration.parse!)
    .action((file: string, options: InspectOptions) => inspect(file, options, io))
}

async function inspect(file: string, { port, for: time }: InspectOptions, io: Io): Promise<void> {
  const [{ Inspector }, { openRecorded }] = await Promise.all([
    import('../inspector/inspector.ts'),
    import('../inspector/recorded.ts'),
  ])
  const recorded = await openRecorded(givenName(file), givenChunks(file, io))
  if (recorded.fault) io.stderr.write(`warning: ${recorded.fault.message}; what stands before it is shown\n`)
  const inspector = await Inspector.show(recorded, port)
  const lifetime = watchSignals(io, createLogger({ verbosity: 2, stream: io.stderr }))
  try {
    io.stdout.write(`${inspector.address}\n`)
    await lifetime.end(time)
  } finally {
    await inspector.close()
    lifetime.release()
  }
}
