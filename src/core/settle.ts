import type { AppFunction, Binding, Project, Unresolved } from './project.ts';
import { findSetting, type Settings } from './settings.ts';

/**
 * The project with each value that is "a setting, else a text" decided by the settings: `%NAME%` where the setting is
 * or may be there, else the text. What depends on more than that stays unresolved.
 */
export function settleProject(project: Project, settings: Settings): Project {
  return { ...project, functions: project.functions.map(fn => settleFunction(fn, settings)) };
}

function settleFunction(fn: AppFunction, settings: Settings): AppFunction {
  const settled = new Map<Unresolved, { readonly index: number; readonly key: string; readonly text: string }>();
  for (const unresolved of fn.unresolved) {
    const [, index, key] = /^bindings\[(\d+)\]\.([\w-]+)$/.exec(unresolved.what) ?? [];
    if (unresolved.settingOr === undefined || index === undefined || key === undefined) continue;
    const { setting, otherwise } = unresolved.settingOr;
    const text = findSetting(settings, setting).kind === 'missing' ? otherwise : `%${setting}%`;
    settled.set(unresolved, { index: Number(index), key, text });
  }
  const settle = (binding: Binding, at: number): Binding => ({
    ...binding,
    ...Object.fromEntries(
      [...settled.values()].filter(({ index }) => index === at).map(({ key, text }) => [key, text]),
    ),
  });
  const [trigger, ...others] = fn.bindings;
  return {
    ...fn,
    disabled: fn.disabled || isDisabled(fn, settings),
    bindings: [settle(trigger, 0), ...others.map((binding, index) => settle(binding, index + 1))],
    unresolved: fn.unresolved.filter(unresolved => !settled.has(unresolved)),
  };
}

/** As the host decides it: a setting for the function, with dots or as Linux spells it, or the one that function.json names. */
function isDisabled(fn: AppFunction, settings: Settings): boolean {
  const named = fn.unresolved.find(({ what }) => what === 'disabled')?.settingOr?.setting;
  const names = [
    `AzureWebJobs.${fn.name}.Disabled`,
    `AzureWebJobs_${fn.name}_Disabled`,
    ...(named === undefined ? [] : [named]),
  ];
  return names.some(name => {
    const state = findSetting(settings, name);
    return state.kind === 'value' && /^(true|1)$/i.test(state.value.trim());
  });
}
