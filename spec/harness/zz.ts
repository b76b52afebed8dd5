import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { Bystander } from '../behaviour/bystander.ts'
import { attacks } from '../behaviour/attacks.ts'
const child = fork(new URL('./own-node-process.ts', import.meta.url), { execArgv: ['--expose-gc','--import','tsx','--import','./spec/harness/zz-hook.mjs'], serialization: 'advanced' })
let last=0
const call=(name:string,...params:any[])=>new Promise<any>(r=>{const id=++last;const f=(m:any)=>{if(m.id===id){child.off('message',f);if(m.error)console.log(m.error);r(m.result)}};child.on('message',f);child.send({id,name,params})})
const nodeKey = randomBytes(32)
const s = { ...(await call('start',{nodeKey})), nodeKey, addPeer:(e:string)=>call('addPeer',e), removePeer:(e:string)=>call('removePeer',e)} as any
const b = await Bystander.join(s.enode)
console.log(await call('vitals')); child.kill('SIGUSR2'); await new Promise(r=>setTimeout(r,300))
for (const a of attacks.filter(a=>new RegExp(process.argv[2]!).test(a.name))) await b.during(()=>a.run(s))
await new Promise(r=>setTimeout(r,Number(process.argv[3])))
console.log(await call('vitals')); child.kill('SIGUSR2'); await new Promise(r=>setTimeout(r,300))
process.exit()
