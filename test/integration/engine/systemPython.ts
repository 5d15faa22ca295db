/** Whatever `python3` is on PATH, without kfp: enough for steps that are commands. */
import type { PythonEnvironmentSource } from '../../../dev-cluster/embedded/python/environments.ts';

const environment = { python: '/usr/bin/env python3', hash: 'system' };

export const systemPython: PythonEnvironmentSource = {
  kfp: () => Promise.resolve(environment),
  withPackages: () => Promise.resolve(environment),
};
