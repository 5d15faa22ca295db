import { SlipwayError } from '../../../src/core/base/errors.ts';

export type PythonErrorReason =
  'python-missing' | 'python-too-old' | 'pip-missing' | 'uv-failed' | 'install-failed' | 'timeout';

/** Why there is no Python environment; `message` and `action` are fit to be shown as they are. */
export class PythonError extends SlipwayError<PythonErrorReason> {}
