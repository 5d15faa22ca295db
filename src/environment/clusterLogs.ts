/** Logs of containers and of the embedded cluster's components, as streams for log terminals. */
import { SlipwayError } from '../core/base/errors.ts';
import type { ContainerTarget } from '../contributions.ts';
import type { FollowedLog } from '../platform/logTerminal.ts';
import { streamCli, type CliCommand } from './cli.ts';
import type { Environments } from './session.ts';

export function containerLog(environments: Environments, target: ContainerTarget): FollowedLog {
  const { namespace, pod, container } = target;
  const environmentId = environments.current.id;
  return {
    key: `${environmentId} ${namespace}/${pod}/${container}`,
    title: container === pod ? pod : `${pod} (${container})`,
    whenSkipped: 'copy the kubectl command for all of it',
    follow: async function* (signal) {
      const session = environments.require();
      // A log of another environment must not be mistaken for this one's.
      if (session.environmentId !== environmentId)
        throw new SlipwayError('notFound', 'Another environment is current now.');
      const api = await session.kubernetes();
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
      const stream = await api.stream(path, AbortSignal.any([signal, session.signal]), {
        container,
        follow: 'true',
      });
      try {
        yield* stream.setEncoding('utf8') as AsyncIterable<string>;
      } finally {
        stream.destroy();
      }
    },
  };
}

export function componentLog(cli: CliCommand, name: string): FollowedLog {
  return {
    key: `component ${name}`,
    title: name,
    whenSkipped: `run slipway logs ${name} for all of it`,
    follow: (signal) => streamCli(cli, ['logs', name, '--follow'], signal),
  };
}
