import { formatIp, parseIp } from '../../protocols/enode/netutil.ts'

/** @returns the parts of `ip:port` or `[ip]:port`, an IP in its one spelling; undefined for what is no such: a pipe's */
export function parseAddress(address: string): { ip: string; port: number } | undefined {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  const ip = parseIp(host)
  return ip && { ip: formatIp(ip), port: Number(port) }
}
