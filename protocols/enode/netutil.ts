// Which IP addresses are ours to trust more (geth p2p/netutil).

/** @returns whether `ip` is loopback, private (RFC 1918, RFC 4193) or link-local; false for what is no IP */
export function isLan(ip: string): boolean {
  const bytes = parseIp(ip)
  if (bytes === undefined) return false
  const [a, b] = bytes as unknown as [number, number]
  if (bytes.length === 16) return isLoopback(ip) || (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80)
  return (
    a === 127 || a === 10 || (a === 172 && (b & 0xf0) === 16) || (a === 192 && b === 168) || (a === 169 && b === 254)
  )
}

export function isLoopback(ip: string): boolean {
  const bytes = parseIp(ip)
  if (bytes === undefined) return false
  return bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, i) => byte === (i === 15 ? 1 : 0))
}

/** @returns the 4 or 16 bytes of `ip`, an IPv4-mapped IPv6 address as its 4; a zone (`%eth0`) is left out */
export function parseIp(ip: string): Uint8Array | undefined {
  const bytes = parseIpv4(ip) ?? parseIpv6(ip.replace(/%.*$/s, ''))
  return bytes?.length === 16 && isMapped(bytes) ? bytes.subarray(12) : bytes
}

/** @returns `host:port`, an IPv6 address in brackets (Go's net.JoinHostPort) */
export const joinHostPort = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** @returns the one spelling of an address, RFC 5952's for IPv6 */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16))
  const zeros = longestZeroRun(groups)
  if (zeros.length < 2) return groups.join(':')
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.start + zeros.length).join(':')}`
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > longest.length) longest = { start, length }
  }
  return longest
}

/** Of every datagram's sender: in one pass. */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4)
  let [at, value, digits] = [0, 0, 0]
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : dot
    if (code === dot) {
      if (digits === 0 || value > 255 || at === 4) return undefined
      bytes[at++] = value
      value = digits = 0
    } else {
      const isLeadingZero = digits > 0 && value === 0
      if (code < zero || code > nine || isLeadingZero || digits === 3) return undefined
      value = 10 * value + code - zero
      digits++
    }
  }
  return at === 4 ? bytes : undefined
}

const [dot, zero, nine] = [0x2e, 0x30, 0x39]

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, i) => parseGroups(half, i === halves.length - 1))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (tail === undefined) return head.length === 16 ? Uint8Array.from(head) : undefined
  if (head.length + tail.length > 14) return undefined
  return Uint8Array.from([...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail])
}

/** @param isLast whether an IPv4 address may stand at the end */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const ipv4 = isLast ? parseIpv4(groups.at(-1)!) : undefined
  if (ipv4) groups.pop()
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  const bytes = groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
  return [...bytes, ...(ipv4 ?? [])]
}

const isMapped = (bytes: Uint8Array) => bytes.every((byte, i) => i > 11 || byte === (i < 10 ? 0 : 0xff))
