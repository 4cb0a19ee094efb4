import type { Entry } from './command.ts'

/** Every command there is. Help, completion and the reference are made from this. */
export const table: readonly Entry[] = [
  entry('up', 'start the network on this machine', () => import('../commands/up.ts')),
  entry('down', 'stop the network on this machine; its state stays', () => import('../commands/down.ts')),
  entry('publish', 'seal a folder and offer it, or offer an engine', () => import('../commands/publish.ts')),
  entry('finetune', 'fine-tune a model on private data', () => import('../commands/finetune.ts')),
  entry('deploy', 'serve a tuned model as a named agent', () => import('../commands/deploy.ts')),
  entry('run', 'run an engine over private files', () => import('../commands/run.ts')),
  entry('chat', 'verify an agent, then talk to it sealed', () => import('../commands/chat.ts')),
  entry('verify', 'check an agent or a report yourself', () => import('../commands/verify.ts')),
  entry('offer list', 'what can be rented', () => import('../commands/offer/list.ts')),
  entry('offer get', 'one offer, with its policy in words', () => import('../commands/offer/get.ts')),
  entry('offer revoke', 'take an offer back; running orders go on', () => import('../commands/offer/revoke.ts')),
  entry('order list', 'orders placed from here', () => import('../commands/order/list.ts')),
  entry('order get', 'one order: state, money, enclave', () => import('../commands/order/get.ts')),
  entry('order watch', 'follow an order live', () => import('../commands/order/watch.ts')),
  entry('order extend', 'lengthen a running order', () => import('../commands/order/extend.ts')),
  entry('order cancel', 'end an order; unused time is refunded', () => import('../commands/order/cancel.ts')),
  entry(
    'order result',
    'take an order’s result out, where policies let it',
    () => import('../commands/order/result.ts'),
  ),
  entry('object stat', 'what is known of a sealed object', () => import('../commands/object/stat.ts')),
  entry('object seal', 'seal a folder without offering it', () => import('../commands/object/seal.ts')),
  entry(
    'object replicate',
    'copy a sealed object to every store that lacks it',
    () => import('../commands/object/replicate.ts'),
  ),
  entry('agent list', 'agents known here', () => import('../commands/agent/list.ts')),
  entry('agent token', 'let somebody talk to your agent', () => import('../commands/agent/token.ts')),
  entry('report get', 'an order’s signed report', () => import('../commands/report/get.ts')),
  entry('report verify', 'check a report from its file', () => import('../commands/report/verify.ts')),
  entry('evidence show', 'a file of evidence in words, or an agent’s', () => import('../commands/evidence/show.ts')),
  entry('evidence verify', 'check evidence from its file', () => import('../commands/evidence/verify.ts')),
  entry('evidence record', 'record this machine’s evidence', () => import('../commands/evidence/record.ts')),
  entry('evidence policy', 'what evidence must meet, in words', () => import('../commands/evidence/policy.ts')),
  entry('log verify', 'check a keeper’s decision log from its file', () => import('../commands/log/verify.ts')),
  entry('earnings list', 'who earned what, order by order', () => import('../commands/earnings/list.ts')),
  entry('earnings claim', 'book what your lanes have earned', () => import('../commands/earnings/claim.ts')),
  entry('earnings withdraw', 'move your balance to your wallet', () => import('../commands/earnings/withdraw.ts')),
  entry('wallet new', 'make a wallet', () => import('../commands/wallet/new.ts')),
  entry('wallet import', 'import a key or a keystore', () => import('../commands/wallet/import.ts')),
  entry('wallet list', 'wallets and their balances', () => import('../commands/wallet/list.ts')),
  entry('config list', 'settings and where they come from', () => import('../commands/config/list.ts')),
  entry('config set', 'change a setting', () => import('../commands/config/set.ts')),
  entry('doctor', 'check that everything is as it should be', () => import('../commands/doctor.ts')),
  entry('completion', 'completion for bash', () => import('../commands/completion.ts')),
]

type Module = { readonly command: Awaited<ReturnType<Entry['load']>> }

function entry(name: string, says: string, load: () => Promise<Module>): Entry {
  return { name, says, load: async () => (await load()).command }
}

/** The command that words begin with: the longest name first. */
export function findEntry(words: readonly string[]): Entry | null {
  const [first = '', second = ''] = words
  return table.find((e) => e.name === `${first} ${second}`) ?? table.find((e) => e.name === first) ?? null
}
