import type { Option } from './option.ts';
import { file, yesOrNo } from './parse-values.ts';

/** The options of the report. */
export const REPORT_OPTIONS: readonly Option[] = [
  {
    key: 'outputFile',
    flag: '--output-file',
    placeholder: 'file',
    defaultText: '',
    help: 'where the report is written, as a whole; default: report.html in the folder of archives',
    type: 'text',
    parse: file,
  },
  {
    key: 'report',
    flag: '--report',
    placeholder: 'true|false',
    env: 'OPENSHIFT_BACKUP_REPORT',
    configKey: 'report',
    // The archive is safe by then, but a pod that runs out of memory over thirty archives is a night that failed.
    defaultText: 'false',
    help: 'write report.html in the folder of archives after each complete run, as "report" does; it reads the archives of thirty nights',
    type: 'boolean',
    parse: yesOrNo,
  },
];
