import type { Settings } from '../config/options.ts';
import type { GuardSettings } from '../guard/guard-request.ts';

/** What the guard is told, from the options. */
export function guardSettings(settings: Settings): GuardSettings {
  return {
    images: settings.guardImages,
    creators: settings.guardCreators,
    administrators: settings.guardAdministrators,
    administratorGroups: settings.guardAdministratorGroups,
  };
}
