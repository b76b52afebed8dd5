import { type Genesis, parseGenesis } from '../../protocols/chain/genesis.ts'
import { InvalidGenesis } from '../../protocols/chain/json-fields.ts'
import { isReadFault, readBounded } from '../runtime/files.ts'

/** @param twice as of {@link parseGenesis} @throws {InvalidGenesis} the file cannot be read or used; the message is one line */
export async function loadGenesis(path: string, twice?: (names: readonly string[]) => void): Promise<Genesis> {
  const bytes = await readBounded(path, maxGenesis).catch((cause: unknown) => {
    if (!isReadFault(cause)) throw cause
    throw new InvalidGenesis(path, `cannot be read: ${cause.message}`, { cause })
  })
  return parseGenesis(bytes.toString('utf8'), twice)
}

/** Two million accounts. */
const maxGenesis = 256 << 20
