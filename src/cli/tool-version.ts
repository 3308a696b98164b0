import packageFile from '../../package.json' with { type: 'json' };

/** The tool's own version, as in its package file. */
export function toolVersion(): string {
  return packageFile.version;
}
