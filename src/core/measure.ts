import type { Fault } from '../errors.ts';
import type { FunctionScaler, Notice } from './app.ts';
import type { Config, FunctionConfig, HandWrittenTrigger } from './config/config.ts';
import { placeInFile } from './config/places.ts';
import { definedOf } from './defined.ts';
import type { AppFunction, Project } from './project.ts';
import { remarkOnType } from './scalers/keda-types.ts';
import type { Settings } from './settings.ts';
import { noticeForOne, rowOfTrigger, type TriggerRow } from './triggers.ts';

/** What scales a function, and why it holds one replica where it does. */
export interface Measure {
  readonly scalers: readonly FunctionScaler[];
  readonly reasons: readonly Notice[];
}

/** What a measure is made from, and where its faults and notices go. */
export interface MeasureContext {
  readonly config: Config;
  readonly project: Project;
  readonly settings: Settings;
  readonly kedaVersion?: string | undefined;
  readonly fault: (fault: Fault) => void;
  readonly notice: (notice: Notice) => void;
}

/** The measure of every function that is not disabled. */
export function measuresOf(context: MeasureContext): ReadonlyMap<AppFunction, Measure> {
  const enabled = context.project.functions.filter(fn => !fn.disabled);
  return new Map(enabled.map(fn => [fn, measureOf(fn, context)]));
}

/** What scales a function: the trigger of the file, else the scaler of its kind, else nothing with the reasons for one replica. */
function measureOf(fn: AppFunction, context: MeasureContext): Measure {
  const config = context.config.functions?.[fn.name] ?? {};
  const row = rowOfTrigger(fn.bindings[0]);
  const { type } = fn.bindings[0];
  const reasonsOf = (reason: string) => [{ function: fn.name, message: noticeForOne(fn.name, reason) }];
  const unseen = `no scaler can tell when its trigger "${type}" fires`;
  if (typeof config.trigger === 'object') return { scalers: [handWritten(fn, config.trigger, context)], reasons: [] };
  if (config.trigger === 'none') {
    const isCalled = row.workload === 'http' && !row.keepsOne;
    return { scalers: [], reasons: isCalled ? [] : reasonsOf('aks-functions.yml gives it no trigger') };
  }
  if (!row.scaler) return { scalers: [], reasons: row.keepsOne ? reasonsOf(row.reason ?? unseen) : [] };
  const unknown = fn.unresolved.filter(value => value.what.startsWith('bindings[0]'));
  if (unknown.length === 0) return scaled(fn, row.scaler, config, context);
  if (row.keepsOne) return { scalers: [], reasons: reasonsOf(unseen) };
  for (const { what, place, advice } of unknown)
    context.fault({
      message: `Value "${what}" of function "${fn.name}" cannot be known without running the code. ${advice}`,
      place,
    });
  return { scalers: [], reasons: [] };
}

function scaled(
  fn: AppFunction,
  scalerOf: NonNullable<TriggerRow['scaler']>,
  config: FunctionConfig,
  { settings, project, kedaVersion, fault, notice }: MeasureContext,
): Measure {
  const reasons: Notice[] = [];
  const remarks: { readonly message: string; readonly ofScaler: boolean }[] = [];
  const scaler = scalerOf({
    binding: fn.bindings[0],
    host: project.host,
    config,
    settings,
    functionName: fn.name,
    keda: kedaVersion,
    fault: message => fault({ message, place: fn.place }),
    notice: (message, { ofScaler } = { ofScaler: false }) => remarks.push({ message, ofScaler }),
    keepOne: (reason, { provisional } = { provisional: false }) =>
      reasons.push({
        function: fn.name,
        message: noticeForOne(fn.name, reason),
        ...(provisional ? { provisional } : {}),
      }),
  });
  for (const { message, ofScaler } of remarks) if (scaler || !ofScaler) notice({ function: fn.name, message });
  return { scalers: scaler ? [{ function: fn.name, scaler }] : [], reasons };
}

function handWritten(
  fn: AppFunction,
  { type, metadata, authenticationRef }: HandWrittenTrigger,
  { config, kedaVersion, fault, notice }: MeasureContext,
): FunctionScaler {
  const remark = remarkOnType(type, kedaVersion);
  const message = remark && `Key "functions.${fn.name}.trigger.type" of aks-functions.yml: ${remark.message}`;
  if (message && remark.kind === 'fault')
    fault({ message, ...placeInFile(config, 'functions', fn.name, 'trigger', 'type') });
  if (message && remark.kind === 'notice') notice({ function: fn.name, message, provisional: true });
  return { function: fn.name, scaler: { type, metadata }, ...definedOf({ authenticationRef }) };
}
