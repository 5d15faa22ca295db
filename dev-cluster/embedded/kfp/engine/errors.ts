/** Why a task or a run could not go on. The message goes into the row as it is, for people. */
import { SlipwayError } from '../../../../src/core/base/errors.ts';

export type TaskErrorReason =
  /** The document can't be run. */
  | 'document'
  /** A value is missing or has the wrong type. */
  | 'input'
  /** A condition, a selector or a placeholder doesn't work out. */
  | 'expression'
  /** The step ended well but what it left can't be used. */
  | 'output'
  /** It can't run on this machine. */
  | 'environment';

export class TaskError extends SlipwayError<TaskErrorReason> {}
