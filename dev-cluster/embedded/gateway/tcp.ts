/** Plain TCP to one of several targets. */
import { connect, type Socket } from 'node:net';
import type { Target } from './addresses.ts';

export interface Connecting {
  readonly onConnected: (upstream: Socket) => void;
  /** `undefined`: there was none to try. */
  readonly onFailed: (reason: string | undefined) => void;
}

/** To the first of the targets that takes the connection. */
export function connectFirst(targets: readonly Target[], connecting: Connecting, failed?: string): void {
  const [target, ...others] = targets;
  if (target === undefined) {
    connecting.onFailed(failed);
    return;
  }
  const upstream = connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true });
  const onError = (error: Error): void =>
    connectFirst(others, connecting, `${target.pod?.name ?? target.host}: ${error.message}`);
  upstream.once('error', onError);
  upstream.once('connect', () => {
    upstream.off('error', onError);
    connecting.onConnected(upstream);
  });
}
