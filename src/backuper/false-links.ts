import { unlink } from 'node:fs/promises';
import path from 'node:path';
import { hashBytes, latestHash } from './byte-hash.ts';
import { LinkGroups } from './link-groups.ts';
import { type Tree, walkTree } from './walk-tree.ts';

/** How many files are removed before the walk's next ones are looked for. */
const BATCH = 1000;

/**
 * Removes files of a new generation that are hard links of each other and are not so in the source. That happens when
 * an application has made two files of one, with the same time and content: rsync links both to the older
 * generation's one file. Nothing is lost, a pass that makes what is missing makes them apart.
 *
 * @returns how many were removed
 */
export async function removeFalseLinks(source: Tree, target: Tree, signal: AbortSignal): Promise<number> {
  const right = new Set((await linksOf(source, signal)).groups());
  const links = await linksOf(target, signal);
  const names: Buffer[] = [];
  await walkTree(target, { signal }, (entry) => {
    const group = links.groupOf(entry);
    if (group !== undefined && !right.has(group)) names.push(Buffer.from(entry.path));
  });
  const folder = Buffer.from(`${target.folder}${path.sep}`);
  for (let start = 0; start < names.length; start += BATCH) {
    signal.throwIfAborted();
    await Promise.all(names.slice(start, start + BATCH).map((name) => unlink(Buffer.concat([folder, name]))));
  }
  return names.length;
}

async function linksOf(tree: Tree, signal: AbortSignal): Promise<LinkGroups> {
  const links = new LinkGroups();
  await walkTree(tree, { signal }, (entry) => {
    hashBytes(entry.path);
    links.add(entry, latestHash.high, latestHash.low);
  });
  return links;
}
