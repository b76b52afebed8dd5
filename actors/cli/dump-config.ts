import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { writeConfig } from './config-file.ts'
import type { Io } from './io.ts'
import { settings } from './settings.ts'
import { addSettings, type GivenFlags, resolveSettings } from './start-settings.ts'

export function addDumpConfig(command: Command, io: Io): void {
  addSettings(command)
    .argument('[file]', 'write it there instead')
    .action((file: string | undefined, given: GivenFlags) => dumpConfig(file, given, io))
}

async function dumpConfig(file: string | undefined, given: GivenFlags, io: Io): Promise<void> {
  const toml = writeConfig(settings, (await resolveSettings(given)).settings)
  if (file === undefined) io.stdout.write(toml)
  else await writeFile(file, toml)
}
