/** The version probe, and the calls that this service says no to. */
import { KfpError } from '../errors.ts';
import type { Route } from './router.ts';

/** The release whose behaviour this service has. */
const KFP_VERSION = '2.17.0';

export const healthRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/apis/v2beta1/healthz',
    isPublic: true,
    handler: () => ({
      commit_sha: 'embedded',
      tag_name: KFP_VERSION,
      multi_user: false,
      pipeline_store: 'database',
    }),
  },
];

const recurring = '/apis/v2beta1/recurringruns';

export const recurringRunRoutes: readonly Route[] = (
  [
    ['GET', recurring],
    ['POST', recurring],
    ['GET', `${recurring}/{id}`],
    ['DELETE', `${recurring}/{id}`],
    ['POST', `${recurring}/{id}:enable`],
    ['POST', `${recurring}/{id}:disable`],
  ] as const
).map(([method, path]) => ({
  method,
  path,
  handler: () => {
    throw new KfpError(
      'unimplemented',
      'The embedded pipeline service has no recurring runs; use a kind or remote environment for schedules',
    );
  },
}));
