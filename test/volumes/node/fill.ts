import { runCommand } from '../../cluster/run-command.ts';

/** Something of everything that a volume may hold, made in the working folder; all of it belongs to one user. */
const EVERYTHING = String.raw`
set -eu
mkdir -p plain/deep/er 'with space' empty locked
printf 'hello\n' > plain/file
printf '' > plain/nothing
head -c 300000 /dev/urandom > plain/deep/er/random
printf 'one\n' > 'with space/a file'
printf 'two\n' > "$(printf 'new\nline')"
printf 'three\n' > 'Zürich ☃ 日本'
printf 'four\n' > "$(printf 'latin1-\351')"
printf 'five\n' > -dash
printf 'six\n' > '*?[a]$HOME"quoted"'
printf 'seven\n' > .hidden
ln plain/file plain/deep/second-name
ln plain/file third-name
ln -s plain/file link
ln -s ../outside/nowhere dangling
ln -s /etc/passwd absolute
ln -s plain/deep link-to-folder
truncate -s 20M sparse
printf 'end' | dd of=sparse bs=1 seek=20971517 conv=notrunc status=none
mkfifo pipe
printf 'secret\n' > locked/key
chmod 0600 locked/key
chmod 0700 locked
chmod 0440 plain/nothing
touch -d '2001-02-03 04:05:06.789' plain/file plain/deep
touch -h -d '1999-12-31 23:59:59' link
`;

/** With rights that say who runs a program: only root may set them for others. */
const SET_ID = String.raw`
set -eu
mkdir shared
printf '#!/bin/sh\n' > shared/tool
chmod 2770 shared
chmod 4755 shared/tool
`;

/** Fills a folder with something of everything, for one user. */
export async function fill(folder: string, uid: number, gid: number = uid): Promise<void> {
  await runCommand(['sh', '-c', EVERYTHING], { cwd: folder });
  await own(folder, '.', uid, gid);
  await runCommand(
    ['find', '.', '-mindepth', '1', '-type', 'd', '-exec', 'touch', '-d', '2020-01-01', '{}', '+'],
    {
      cwd: folder,
    },
  );
}

/** Adds a folder with the group's rights on it, and a program of its owner's. */
export async function addSetId(folder: string, uid: number, gid: number): Promise<void> {
  await runCommand(['sh', '-c', SET_ID], { cwd: folder });
  await own(folder, 'shared', uid, gid);
  // Who owns something else loses these rights.
  await runCommand(['chmod', '2770', 'shared'], { cwd: folder });
  await runCommand(['chmod', '4755', 'shared/tool'], { cwd: folder });
}

/** Gives everything below a path, and the path, to a user. */
export async function own(folder: string, path: string, uid: number, gid: number): Promise<void> {
  await runCommand(['chown', '-R', '-h', `${uid}:${gid}`, path], { cwd: folder });
}
