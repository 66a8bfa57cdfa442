import type { ScalerContext } from './scaler.ts';
import { requiredText } from './values.ts';

const names = 'jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat';
const field = new RegExp(
  `^([*?]|\\d+|${names.replaceAll(' ', '|')})([-/,]([*?]|\\d+|${names.replaceAll(' ', '|')}))*$`,
  'i',
);

/** No scaler can tell when a timer fires, so there is none; a schedule that the host would refuse is a fault. */
export function timerScaler(context: ScalerContext): undefined {
  context.keepOne?.(`no scaler can tell when its trigger "${context.binding.type}" fires`);
  const schedule = requiredText(context, ['schedule'], 'timer trigger');
  if (schedule === undefined || isTimeSpan(schedule)) return undefined;
  const fields = schedule.split(/\s+/);
  const bad = fields.find(one => !field.test(one));
  if (/^@/.test(schedule) || ![5, 6].includes(fields.length)) {
    context.fault(
      `Schedule "${schedule}" has ${fields.length} field${fields.length === 1 ? '' : 's'}. Give six: second, minute, hour, day, month, day of the week, e.g. "0 */5 * * * *".`,
    );
  } else if (bad !== undefined) {
    context.fault(
      `Schedule "${schedule}" has the field "${bad}", which is none of cron. Use numbers, names of months or days, "*", "-", "," and "/".`,
    );
  } else if (fields.length === 5) {
    context.notice?.(
      `Schedule "${schedule}" has five fields, which the host reads as minute, hour, day, month, day of the week at second 0.`,
    );
  }
  return undefined;
}

/** The other form of a schedule: `[d.]hh:mm:ss` between two runs. */
function isTimeSpan(schedule: string): boolean {
  return /^(\d+\.)?\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(schedule);
}
