import fc from 'fast-check'
import { encodeSlimAccount, readSlimAccount } from '../../../protocols/chain/account.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { MalformedItem } from '../../../protocols/lib/lazy-list.ts'
import { RlpError, readItem } from '../../../protocols/lib/rlp.ts'
import { decode, encode, MalformedSnapMessage } from '../../../protocols/snap/messages.ts'
import { snapTable, snapVersions } from '../../../protocols/snap/versions.ts'
import { namesIn } from '../../protocols/messages.ts'
import { anyAccount, anyMessage } from '../../protocols/snap/arbitraries.ts'
import { snapVectors } from '../../vectors/snap-messages.ts'
import { mutatedRlp } from '../mutate.ts'
import { type Readers, reader } from '../readers.ts'
import { openAll } from './open-all.ts'

/** Every message of every version of snap, and an account. */
export const snapReaders: Readers = {
  ...Object.fromEntries(
    snapVersions.flatMap((version) =>
      namesIn(snapTable(version)).map((name) => {
        const vectors = snapVectors.filter(({ message }) => message.kind === name)
        const known = vectors.map(({ payload }) => hexToBytes(payload))
        const any = anyMessage(name).map((message) => encode(version, message))
        return [
          `snap/${version} ${name}`,
          reader(
            mutatedRlp(known.length > 0 ? fc.oneof(fc.constantFrom(...known), any) : any),
            (payload) => openAll(decode(version, name, payload)),
            ...[MalformedSnapMessage, MalformedItem],
          ),
        ]
      }),
    ),
  ),
  account: reader(mutatedRlp(anyAccount.map(encodeSlimAccount)), (raw) => readSlimAccount(readItem(raw)), RlpError),
}
