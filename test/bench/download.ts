// The limit of any export: the same pages over kept-alive connections, thrown away unread.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

const [, , server = '', caFile = '', token = '', pathsFile = '', connections = '4'] = process.argv;
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections), ca: readFileSync(caFile) });
const paths = (JSON.parse(readFileSync(pathsFile, 'utf8')) as string[]).values();
let receivedBytes = 0;
let requestCount = 0;

await Promise.all(Array.from({ length: Number(connections) }, downloadAll));
agent.destroy();
process.stdout.write(`${JSON.stringify({ receivedBytes, requestCount })}\n`);

async function downloadAll(): Promise<void> {
  for (const path of paths) {
    let next = '';
    do next = await download(`${path}?limit=500${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`);
    while (next !== '');
  }
}

/** Reads one page and looks no further than its first bytes, where the token of the next one stands. */
async function download(path: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, server), { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      let head = '';
      response.on('data', (chunk: Buffer) => {
        if (head.length < 4096) head += chunk.toString('latin1', 0, 4096);
        receivedBytes += chunk.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        requestCount++;
        if (response.statusCode === 200) resolve(/"continue":"([^"]*)"/u.exec(head)?.[1] ?? '');
        else reject(new Error(`${path} answered ${response.statusCode ?? 0}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
