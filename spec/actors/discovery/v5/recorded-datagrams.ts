import type { Datagrams, UdpEndpoint } from '../../../../actors/discovery/datagrams.ts'
import { memoryDatagrams } from '../../../../actors/simulation/memory-datagrams.ts'

/** Datagrams in memory, and every one that was sent. */
export class RecordedDatagrams implements Datagrams {
  /** BOUNDED: by the spec. */
  readonly sent: { readonly bytes: Uint8Array; readonly from: UdpEndpoint; readonly to: UdpEndpoint }[] = []
  readonly bind = memoryDatagrams({ passed: (bytes, from, to) => this.sent.push({ bytes, from, to }) > 0 }).bind
}
