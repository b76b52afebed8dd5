import { noActor, noPayload, own, rowHead } from './row-buffer.ts'

/** What a thread begins with: the file, and how many bytes it may have. */
export type LineScriptInput = { readonly fd: number; readonly maxBytes: number }
/** A page for it. `isLate`: it is to make haste. */
export type LineScriptPage = {
  readonly page: number
  readonly buffer: SharedArrayBuffer
  readonly used: number
  readonly isLate: boolean
}
/** What it says: the number of a page that it is done with, or that the file is full, so that it passes over the rest. */
export type LineScriptWord = number | 'full'

/** As `nice` has it: who answers peers goes first, and there is still a tenth of a core where two processes want it all. */
export const recordingNiceness = 10

/**
 * Makes lines of rows and writes them to a file, page for page. As text, not as a file: a thread has no loader for
 * TypeScript where this runs from its source. A fault of the disk is thrown, and ends it.
 */
export const lineScript = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  const { crc32 } = require('node:zlib')
  const { getPriority, setPriority } = require('node:os')
  const equals = 0x3d
  const [longestKnown, longestLoop] = [1_024, 64]
  const slice = 24_576 // of three: base64 in parts is that of the whole
  const out = Buffer.allocUnsafeSlow(1 << 17)
  const ascii = (text) => Buffer.from(text)
  const hex = ascii('0123456789abcdef')
  const digits64 = ascii('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
  let [begin, end, crc] = [0, 0, -1] // of the line in 'out', as far as it is summed
  let seq = 0
  let names = [undefined]

  let written = 0
  const [crcText, lineEnd, fullText] = [',"crc":"', '"}\\n', '{"ended":"full"'].map(ascii)
  const endBytes = crcText.length + 8 + lineEnd.length
  const longestFrame = 128 // all that a line has beside names, text and payload, and more
  const mostBytes = workerData.maxBytes - fullText.length - endBytes - 2 // room for any ending
  let isFull = false

  // On Linux this thread's alone; elsewhere it would be that of the process.
  try {
    if (process.platform === 'linux') setPriority(Math.max(getPriority(), ${recordingNiceness}))
  } catch {} // a sandbox may forbid it, and all goes on as it is

  // The scheduler lets a thread that works have its turn of a millisecond or two, even where a process waits for the core
  // that only has to answer what the node waits for. So this one rests between short spells, unless the node outruns it.
  const bed = new Int32Array(new SharedArrayBuffer(4))
  const restMilliseconds = 0.05
  let isLate = false

  // Over a text that is known a CRC goes in four steps: it is shifted by the text's length, byte for byte from a table,
  // and what the text by itself makes of zero is added.
  const table = Int32Array.from({ length: 256 }, (_, byte) => {
    for (let i = 0; i < 8; i++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1
    return byte
  })
  const step = (crc, byte) => (crc >>> 8) ^ table[(crc ^ byte) & 255]
  const shifts = [] // by length
  const shiftOf = (length) => {
    const ofBits = Array.from({ length: 32 }, (_, bit) => {
      let crc = 1 << bit
      for (let i = 0; i < length; i++) crc = step(crc, 0)
      return crc
    })
    return Int32Array.from({ length: 1024 }, (_, i) =>
      ofBits.slice((i >>> 8) * 8, (i >>> 8) * 8 + 8).reduce((crc, shifted, bit) => ((i >>> bit) & 1 ? crc ^ shifted : crc), 0))
  }
  const nameOf = (bytes) => ({
    bytes,
    sum: bytes.reduce(step, 0),
    shift: bytes.length < longestKnown ? (shifts[bytes.length] ??= shiftOf(bytes.length)) : undefined,
  })

  const sum = () => {
    if (end - begin > longestLoop) crc = ~crc32(out.subarray(begin, end), ~crc >>> 0)
    else for (let i = begin; i < end; i++) crc = (crc >>> 8) ^ table[(crc ^ out[i]) & 255]
    begin = end
  }
  const spill = () => {
    sum()
    for (let at = 0; at < end; ) at += writeSync(workerData.fd, out, at, end - at)
    written += end
    begin = end = 0
    if (!isLate) Atomics.wait(bed, 0, 0, restMilliseconds)
  }
  const room = (bytes) => {
    if (end + bytes > out.length) spill()
  }
  const put = (name) => {
    const { bytes, sum: its, shift } = name
    if (shift === undefined) return copy(bytes, 0, bytes.length)
    room(bytes.length)
    sum()
    out.set(bytes, end)
    begin = end += bytes.length
    crc = shift[crc & 255] ^ shift[256 | ((crc >>> 8) & 255)] ^ shift[512 | ((crc >>> 16) & 255)] ^ shift[768 | (crc >>> 24)] ^ its
  }
  const copy = (bytes, from, to) => {
    for (; from < to; from += slice) {
      room(slice)
      end += bytes.copy(out, end, from, Math.min(to, from + slice))
    }
  }
  const base64 = (bytes, from, to) => {
    if (to - from < longestLoop) return base64Here(bytes, from, to)
    for (; from < to; from += slice) {
      room(2 * slice)
      end += out.latin1Write(bytes.base64Slice(from, Math.min(to, from + slice)), end)
    }
  }
  const base64Here = (bytes, from, to) => {
    room(2 * longestLoop)
    for (; from < to; from += 3) {
      const three = (bytes[from] << 16) | (from + 1 < to ? bytes[from + 1] << 8 : 0) | (from + 2 < to ? bytes[from + 2] : 0)
      out[end++] = digits64[three >>> 18]
      out[end++] = digits64[(three >>> 12) & 63]
      out[end++] = from + 1 < to ? digits64[(three >>> 6) & 63] : equals
      out[end++] = from + 2 < to ? digits64[three & 63] : equals
    }
  }
  const digits = (number) => {
    room(32)
    if (number > 0x7fffffff) {
      end += out.latin1Write(String(number), end)
      return
    }
    const first = end++
    for (let most = 10; number >= most; most *= 10) end++
    for (let i = end - 1, left = number | 0; i >= first; i--) {
      const tenth = (left / 10) | 0
      out[i] = 48 + left - tenth * 10
      left = tenth
    }
  }
  const time = (milliseconds) => {
    const micros = Math.round(milliseconds * 1_000)
    const whole = Math.floor(micros / 1_000)
    digits(whole)
    let rest = (micros - whole * 1_000) | 0
    if (rest === 0) return
    out[end++] = 0x2e
    for (; rest > 0; rest = (rest % 100) * 10) out[end++] = 48 + ((rest / 100) | 0)
  }
  const beginEntry = (at) => {
    put(seqText)
    digits(++seq)
    put(atText)
    time(at)
  }
  const endLine = () => {
    room(endBytes)
    sum()
    out.set(crcText, end)
    end += crcText.length
    for (let shift = 28; shift >= 0; shift -= 4) out[end++] = hex[(~crc >>> shift) & 15]
    out.set(lineEnd, end)
    begin = end += lineEnd.length
    crc = -1
  }
  const hasRoom = (bytes) => {
    if (!isFull && written + end + bytes > mostBytes) {
      isFull = true
      copy(fullText, 0, fullText.length)
      endLine()
      parentPort.postMessage('full')
    }
    return !isFull
  }
  const [seqText, atText, dataText, payloadText] = ['{"seq":', ',"at":', ',"data":', ',"payload":"'].map((text) => nameOf(ascii(text)))

  parentPort.on('message', ({ page, buffer, used, isLate: late }) => {
    isLate = late
    const bytes = Buffer.from(buffer, 0, used)
    const [times, numbers] = [new Float64Array(buffer), new Uint32Array(buffer)]
    for (let at = 0; at < used; ) {
      const i = (at >>> 2) + 2
      const whose = numbers[i]
      const what = numbers[i + 1]
      const textBytes = numbers[i + 3]
      const payloadBytes = numbers[i + 4] === ${noPayload} ? -1 : numbers[i + 4]
      const text = at + ${rowHead}
      const payload = text + textBytes
      const last = payload + Math.max(0, payloadBytes)
      if (whose !== ${noActor}) {
        const name = names[whose].before
        const { before, after } = names[what]
        const known = name.bytes.length + before.bytes.length + (after ? after.bytes.length : 0)
        if (hasRoom(longestFrame + known + textBytes + Math.ceil(payloadBytes / 3) * 4)) {
          beginEntry(times[at >>> 3])
          put(name)
          put(before)
          if (after === undefined) {
            digits(numbers[i + 2])
            if (payloadBytes >= 0) {
              put(payloadText)
              base64(bytes, payload, last)
              out[end++] = 0x22
            }
          } else {
            if (textBytes > 0) {
              put(dataText)
              copy(bytes, text, payload)
            }
            put(after)
          }
          endLine()
        }
      } else if (what === ${own.name}) {
        const [before, after] = [[text, payload], [payload, last]].map(([from, to]) => Buffer.from(bytes.subarray(from, to)))
        names.push({ before: nameOf(before), after: after.length > 0 ? nameOf(after) : undefined })
      } else if (what === ${own.forget}) names = [undefined]
      else if (what === ${own.ending} ? !isFull : hasRoom(longestFrame + textBytes)) {
        if (what === ${own.entry}) beginEntry(times[at >>> 3])
        copy(bytes, text, payload)
        endLine()
      }
      at = (last + 7) & ~7
    }
    spill()
    parentPort.postMessage(page)
  })`
