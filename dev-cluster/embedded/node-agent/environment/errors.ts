import { SlipwayError } from '../../../../src/core/base/errors.ts';

/** Waiting reasons and Event reasons as the kubelet's. */
export type PodEnvironmentReason =
  | 'FailedMount'
  | 'CreateContainerConfigError'
  | 'CreateContainerError'
  | 'ErrImagePull'
  | 'ErrImageNeverPull'
  | 'InvalidImageName';

/** Why a container can't get what its spec asks for; `message` is the kubelet's where it has one. */
export class PodEnvironmentError extends SlipwayError<PodEnvironmentReason> {}
