import yoctoSpinner from 'yocto-spinner';
import { byteText, safeText } from '../model/text.ts';
import type { CopyContext } from '../volumes/run/copy-context.ts';
import type { ProcessContext } from './process-context.ts';

/** Shows a copy while it is made. */
export interface CopyReport {
  readonly hooks: Pick<CopyContext, 'onChange' | 'onNote' | 'onProgress'>;
  /** Clears the line on a terminal; call it however the copy ends. */
  readonly stop: () => void;
}

/** A moving line where standard error is a terminal, else a line for each step. */
export function copyReport({ stderr }: ProcessContext): CopyReport {
  return stderr.isTTY === true ? terminalReport(stderr) : lineReport(stderr);
}

function lineReport(stderr: ProcessContext['stderr']): CopyReport {
  let last = '';
  const write = (text: string): void => {
    if (text !== last) stderr.write(`${safeText(text)}\n`);
    last = text;
  };
  return {
    hooks: {
      onChange: ({ phase, message }) => write(`${phase}: ${message}`),
      onNote: (message) => write(message),
      onProgress: () => undefined,
    },
    stop: () => undefined,
  };
}

function terminalReport(stderr: ProcessContext['stderr']): CopyReport {
  const spinner = yoctoSpinner({
    text: 'Looks at the cluster',
    stream: stderr as NodeJS.WriteStream,
  }).start();
  // A line that wraps could not be cleared again; the sign before it takes two columns.
  const move = (text: string): void =>
    void (spinner.text = safeText(text).slice(0, (stderr.columns ?? 80) - 3));
  return {
    hooks: {
      onChange: ({ message }) => move(message),
      onNote: (message) => {
        spinner.clear();
        stderr.write(`${safeText(message)}\n`);
      },
      onProgress: ({ percent, sizeBytes, bytesPerSecond }) =>
        move(`${percent} %, ${byteText(sizeBytes)}, ${byteText(bytesPerSecond)}/s`),
    },
    stop: () => void spinner.stop(),
  };
}
