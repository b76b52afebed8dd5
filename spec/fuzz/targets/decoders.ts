import type { Readers } from '../readers.ts'
import { discv4Readers } from './discv4-readers.ts'
import { discv5Readers } from './discv5-readers.ts'
import { ethReaders } from './eth-readers.ts'
import { nameReaders } from './name-readers.ts'
import { snapReaders } from './snap-readers.ts'
import { wireReaders } from './wire-readers.ts'

/** protocols/: what a remote says, item by item, and what a user types. */
export const decoders: Readers = {
  ...wireReaders,
  ...ethReaders,
  ...snapReaders,
  ...nameReaders,
  ...discv5Readers,
  ...discv4Readers,
}
