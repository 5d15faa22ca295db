import { workspace, type ConfigurationScope } from 'vscode';
import { settings, type SettingId, type Settings } from '../contributions.ts';

/** The setting's value, or its default when someone wrote a value of another type. */
export function readSetting<K extends SettingId>(id: K, scope?: ConfigurationScope): Settings[K] {
  const value: unknown = workspace.getConfiguration(undefined, scope).get(id);
  const { defaultValue } = settings[id];
  return isSameType(value, defaultValue) ? value : defaultValue;
}

function isSameType<T>(value: unknown, sample: T): value is T {
  if (Array.isArray(sample)) return Array.isArray(value) && value.every((one) => typeof one === 'string');
  return typeof value === typeof sample;
}
