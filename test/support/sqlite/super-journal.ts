import fs from 'node:fs';
import { connectionElsewhere } from './connection-elsewhere.ts';
import { makeSqlite } from './make-sqlite.ts';

/** A database that a killed transaction over several databases left: its hot journal names the super-journal, whose path is returned. */
export async function leaveSuperJournal(file: string): Promise<string> {
  makeSqlite(file, { rows: 1000 });
  const writer = connectionElsewhere(file);
  for (const statement of ['open', 'PRAGMA cache_size=5', 'BEGIN IMMEDIATE', "UPDATE t SET v = 'new'"])
    await writer.ask(statement);
  await writer[Symbol.asyncDispose]();
  const name = `${file}-mj0123`;
  fs.writeFileSync(name, `${file}-journal\0`);
  fs.appendFileSync(`${file}-journal`, superRecord(name));
  return name;
}

/** What src/pager.c, writeSuperJournal, appends. */
function superRecord(name: string): Buffer {
  const bytes = Buffer.from(name);
  const after = Buffer.alloc(8);
  after.writeUInt32BE(bytes.length, 0);
  after.writeUInt32BE(
    bytes.reduce((sum, byte) => sum + byte, 0),
    4,
  );
  return Buffer.concat([Buffer.from('00040001', 'hex'), bytes, after, Buffer.from('d9d505f920a163d7', 'hex')]);
}
