import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

// For `node --import`: writes down which modules a program has loaded, in the file that LOADED_MODULES names.
const urls: string[] = [];
registerHooks({
  load(url, context, nextLoad) {
    urls.push(url);
    return nextLoad(url, context);
  },
});
process.on('exit', () => {
  writeFileSync(process.env['LOADED_MODULES'] ?? '', urls.join('\n'));
});
