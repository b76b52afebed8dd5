import { createHook } from 'node:async_hooks'
const live = new Map()
createHook({ init(id, type) { if (type === 'Timeout') live.set(id, new Error().stack.split('\n').slice(4, 9).map(s=>s.trim().replace(/\(?file:\/\/\/work\/main\//,'')).join(' < ')) }, destroy(id) { live.delete(id) } }).enable()
process.on('SIGUSR2', () => { process.stderr.write('LIVE\n' + [...live.values()].join('\n') + '\n') })
