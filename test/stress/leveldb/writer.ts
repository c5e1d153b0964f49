/** The hammer: `node writer.ts DIR ACK_FILE SEED KEYS [REOPEN_EVERY=0] [UNTIL_BATCH=0]`. ACK_FILE holds u64le issued, u64le acknowledged. */
import fs from 'node:fs';
import { ClassicLevel } from 'classic-level';
import { keyOf, operationsOf, SEQUENCE_KEY, valueOf } from './model.ts';

const [dir = '', ackFile = '', ...numbers] = process.argv.slice(2);
const [seed = 7, keys = 20_000, reopenEvery = 0, until = 0] = numbers.map(Number);
const ack = fs.openSync(ackFile, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);

function note(batch: number, position: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(batch));
  fs.writeSync(ack, bytes, 0, 8, position);
}

async function open(): Promise<ClassicLevel<Buffer, Buffer>> {
  const opened = new ClassicLevel<Buffer, Buffer>(dir, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await opened.open();
  return opened;
}

let db = await open();
const before: Buffer | undefined = await db.get(SEQUENCE_KEY);
let batch = before === undefined ? 0 : Number(before.readBigUInt64LE());
note(batch, 0);
note(batch, 8);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const last = until === 0 ? Number.POSITIVE_INFINITY : until;

while (!stop.signal.aborted && batch < last) {
  batch += 1;
  const sequence = Buffer.alloc(8);
  sequence.writeBigUInt64LE(BigInt(batch));
  const chained = db.batch();
  for (const { id, isPut } of operationsOf(seed, batch, keys)) {
    if (isPut) chained.put(keyOf(id), valueOf(id, batch));
    else chained.del(keyOf(id));
  }
  chained.put(SEQUENCE_KEY, sequence);
  note(batch, 0);
  await chained.write();
  note(batch, 8);
  if (reopenEvery > 0 && batch % reopenEvery === 0) {
    await db.close();
    db = await open();
  }
}
await db.close();
