import fc from 'fast-check'
import { NodeKeyError, parseNodeKey } from '../../../actors/node/node-key.ts'
import { EnodeError, formatEnode } from '../../../protocols/enode/enode.ts'
import { isInNetlist, NetlistError, parseNetlist } from '../../../protocols/enode/netlist.ts'
import { isLan, isLoopback, parseIp } from '../../../protocols/enode/netutil.ts'
import { parseNode } from '../../../protocols/enr/parse-node.ts'
import { decodeRecord, parseRecord, RecordError, signRecord } from '../../../protocols/enr/record.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { mutatedRlp, mutatedText } from '../mutate.ts'
import { type Readers, reader } from '../readers.ts'

const key = new Uint8Array(32).fill(3)
const record = signRecord(7n, { ip: Uint8Array.of(127, 0, 0, 1), tcp: 30303 }, key)
const enodes = ['127.0.0.1:30303', '[::1]:0?discport=7', 'localhost:65535'].map(
  (place) => `enode://${bytesToHex(publicKeyOf(key))}@${place}`,
)
const enr = `enr:${Buffer.from(record.raw).toString('base64url')}`
const addresses = mutatedText(fc.constantFrom('127.0.0.1', '::1', 'fe80::1%eth0', '::ffff:10.0.0.1', '2001:db8::', ''))

/** What names a node, and where it is. */
export const nameReaders: Readers = {
  node: reader(mutatedText(fc.constantFrom(...enodes, enr)), (text) => formatEnode(parseNode(text)), EnodeError),
  record: reader(mutatedText(fc.constant(enr)), parseRecord, RecordError),
  'record, as RLP': reader(mutatedRlp(fc.constant(record.raw)), decodeRecord, RecordError),
  address: reader(addresses, (text) => [parseIp(text), isLan(text), isLoopback(text)]),
  netlist: reader(
    fc.tuple(mutatedText(fc.constantFrom('127.0.0.0/8, ::1/128', '10.0.0.0/8')), addresses),
    ([list, ip]) => isInNetlist(parseNetlist(list), ip),
    NetlistError,
  ),
  'node key': reader(mutatedText(fc.constant('ab'.repeat(32))), parseNodeKey, NodeKeyError),
}
