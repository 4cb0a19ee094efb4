import type { DatabaseSync } from 'node:sqlite'

/** Every table that is written from logs; each row names the block it came from, so that a reorg can take it back. */
export const tables = [
  'offers',
  'voids',
  'orders',
  'lanes',
  'order_events',
  'claims',
  'refunds',
  'objects',
  'standings',
  'lineages',
  'providers',
  'committees',
] as const

/** Amounts are decimal text: they outgrow 64 bits. `block`, `log` is a row's place in the chain. */
const statements = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS offers (block INTEGER, log INTEGER, hash TEXT, owner TEXT, kind INTEGER, subject TEXT,
  offer TEXT, signature TEXT, location TEXT);
CREATE INDEX IF NOT EXISTS offers_hash ON offers (hash);
CREATE TABLE IF NOT EXISTS voids (block INTEGER, log INTEGER, owner TEXT, hash TEXT, epoch INTEGER);
CREATE INDEX IF NOT EXISTS voids_owner ON voids (owner);
CREATE TABLE IF NOT EXISTS orders (block INTEGER, log INTEGER, id TEXT, buyer TEXT, provider TEXT, committee TEXT,
  job INTEGER, escrow TEXT, start_by INTEGER, terms TEXT);
CREATE INDEX IF NOT EXISTS orders_id ON orders (id);
CREATE TABLE IF NOT EXISTS lanes (block INTEGER, log INTEGER, id TEXT, lane INTEGER, owner TEXT, payee TEXT, offer TEXT,
  per_second TEXT, per_order TEXT);
CREATE INDEX IF NOT EXISTS lanes_id ON lanes (id);
CREATE TABLE IF NOT EXISTS order_events (block INTEGER, log INTEGER, id TEXT, name TEXT, args TEXT);
CREATE INDEX IF NOT EXISTS order_events_id ON order_events (id);
CREATE TABLE IF NOT EXISTS claims (block INTEGER, log INTEGER, id TEXT, lane INTEGER, payee TEXT, amount TEXT);
CREATE INDEX IF NOT EXISTS claims_payee ON claims (payee);
CREATE TABLE IF NOT EXISTS refunds (block INTEGER, log INTEGER, id TEXT, buyer TEXT, amount TEXT);
CREATE TABLE IF NOT EXISTS objects (block INTEGER, log INTEGER, id TEXT, owner TEXT, policy TEXT, self TEXT);
CREATE TABLE IF NOT EXISTS standings (block INTEGER, log INTEGER, id TEXT, standing TEXT);
CREATE TABLE IF NOT EXISTS lineages (block INTEGER, log INTEGER, id TEXT, made_by TEXT, parents TEXT, dues TEXT);
CREATE TABLE IF NOT EXISTS providers (block INTEGER, log INTEGER, account TEXT, key TEXT, payee TEXT, endpoints TEXT,
  machines TEXT);
CREATE TABLE IF NOT EXISTS committees (block INTEGER, log INTEGER, id TEXT, t INTEGER, keepers TEXT, payees TEXT);
`

/** Makes the tables where they are missing. */
export function prepareTables(db: DatabaseSync): void {
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
  db.exec(statements)
}

/** Takes back everything that came from blocks above `block`. */
export function forgetAbove(db: DatabaseSync, block: bigint): void {
  for (const table of [...tables, 'blocks'] as const)
    db.prepare(`DELETE FROM ${table} WHERE ${table === 'blocks' ? 'number' : 'block'} > ?`).run(block)
}
