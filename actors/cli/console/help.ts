/** Lines that are for the console itself, and not for the node. */
export const isExit = (line: string): boolean => /^\s*(exit|quit)\s*(\(\s*\))?\s*;?\s*$/.test(line)
export const isHelp = (line: string): boolean => /^\s*(help|\?)\s*(\(\s*\))?\s*;?\s*$/.test(line)

export const help = `A line is one call, in the form of geth's console or of JSON-RPC:
  admin.peers                        without arguments
  admin.peers[0].name                a part of the answer
  eth.getBlock(600).hash             numbers, true, false, null, "strings", [lists], {"objects": 1}
  eth_getBlockByNumber ["0x258", false]
  eth                                what is known of a namespace
Tab completes, Ctrl-C gives up, Ctrl-D or exit ends.`
