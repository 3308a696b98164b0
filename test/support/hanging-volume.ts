import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// For `node --import`: a volume whose server is gone. Every call to it waits for ever, as on a hard NFS mount;
// each takes one of the threads that Node.js has for files.
const { O_WRONLY } = fs.constants;
const methods = fs.promises as unknown as Record<string, unknown>;
const pipe = process.env['HANGING_PIPE'] ?? '';
// Nobody reads from the pipe, so to open it never comes back.
const hang = async (): Promise<never> => {
  await fs.promises.open(pipe, O_WRONLY);
  throw new Error('somebody has read from the pipe');
};
for (const name of ['writeFile', 'readdir', 'statfs', 'unlink', 'lstat']) methods[name] = hang;
syncBuiltinESMExports();
