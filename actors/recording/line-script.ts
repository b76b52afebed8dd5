import { nobody, noPayload, own, rowHead } from './line-page.ts'

/**
 * Makes lines of rows and writes them to a file, page for page. In words, not a file: a thread has no loader for
 * TypeScript where this runs from its source. A fault of the disk is thrown, and ends it.
 */
export const lineScript = `
  const { parentPort, workerData: fd } = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  const { crc32 } = require('node:zlib')
  const slice = 49_152 // of three: base64 in parts is that of the whole
  const out = Buffer.allocUnsafeSlow(1 << 19)
  const hex = Buffer.from('0123456789abcdef')
  const [seqText, atText, dataText, payloadText] = ['{"seq":', ',"at":', ',"data":', ',"payload":"'].map((text) => Buffer.from(text))
  let [begin, end, crc] = [0, 0, 0] // of the line in 'out'
  let seq = 0
  let names = [undefined]

  const sum = () => {
    crc = crc32(out.subarray(begin, end), crc)
    begin = end
  }
  const spill = () => {
    sum()
    for (let at = 0; at < end; ) at += writeSync(fd, out, at, end - at)
    begin = end = 0
  }
  const raw = (bytes) => {
    if (bytes.length > slice) return copy(bytes, 0, bytes.length)
    if (end + bytes.length > out.length) spill()
    out.set(bytes, end)
    end += bytes.length
  }
  const copy = (bytes, from, to) => {
    for (; from < to; from += slice) {
      if (end + slice > out.length) spill()
      end += bytes.copy(out, end, from, Math.min(to, from + slice))
    }
  }
  const base64 = (bytes, from, to) => {
    for (; from < to; from += slice) {
      if (end + 2 * slice > out.length) spill()
      end += out.latin1Write(bytes.base64Slice(from, Math.min(to, from + slice)), end)
    }
  }
  const digits = (number) => {
    if (end + 32 > out.length) spill()
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
  const endLine = () => {
    if (end + 32 > out.length) spill()
    sum()
    end += out.latin1Write(',"crc":"', end)
    for (let shift = 28; shift >= 0; shift -= 4) out[end++] = hex[(crc >>> shift) & 15]
    end += out.latin1Write('"}\\n', end)
    begin = end
    crc = 0
  }

  parentPort.on('message', ({ page, buffer, used }) => {
    const bytes = Buffer.from(buffer, 0, used)
    const [times, numbers] = [new Float64Array(buffer), new Uint32Array(buffer)]
    for (let at = 0; at < used; ) {
      const i = (at >>> 2) + 2
      const [whose, what, size, textBytes] = [numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3]]
      const payloadBytes = numbers[i + 4] === ${noPayload} ? -1 : numbers[i + 4]
      const text = at + ${rowHead}
      const payload = text + textBytes
      const last = payload + Math.max(0, payloadBytes)
      if (whose !== ${nobody}) {
        raw(seqText)
        digits(++seq)
        raw(atText)
        time(times[at >>> 3])
        raw(names[whose].before)
        const { before, after } = names[what]
        raw(before)
        if (after.length === 0) {
          digits(size)
          if (payloadBytes >= 0) {
            raw(payloadText)
            base64(bytes, payload, last)
            out[end++] = 0x22
          }
        } else if (textBytes > 0) {
          raw(dataText)
          copy(bytes, text, payload)
        }
        raw(after)
        endLine()
      } else if (what === ${own.name})
        names.push({ before: Uint8Array.prototype.slice.call(bytes, text, payload), after: Uint8Array.prototype.slice.call(bytes, payload, last) })
      else if (what === ${own.forget}) names = [undefined]
      else {
        if (what === ${own.entry}) seq++
        copy(bytes, text, payload)
        endLine()
      }
      at = (last + 7) & ~7
    }
    spill()
    crc = 0
    parentPort.postMessage(page)
  })`
