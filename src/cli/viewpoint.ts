import type { Settings } from '../config/options.ts';
import { parseSchedule } from '../config/schedule.ts';
import type { Viewpoint } from '../status/backup-status.ts';

/** From where a command looks at the backups: its time zone, and when runs are due if it knows. */
export function viewpointOf({ schedule, timeZone }: Settings, now: Date): Viewpoint {
  const dueAfter = schedule === '' ? undefined : parseSchedule(schedule, timeZone).nextAfter;
  return { now, timeZone, dueAfter };
}
