import { z } from 'zod';
import { http } from '../src/clients/http.ts';

const answer = z.strictObject({ predictions: z.array(z.int()) });

/** Asks the demo's served model, through the gateway, of one customer who leaves and one who stays: `[1, 0]` is right. */
export async function predictChurn(
  gatewayUrl: string | undefined,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const endpoint = {
    url: gatewayUrl ?? '',
    token: undefined,
    label: 'The gateway',
    headers: { Host: 'churn-default.localhost' },
  };
  const instances = [
    [3, 95, 4, 1],
    [60, 30, 0, 24],
  ];
  const request = { method: 'POST', path: '/v1/models/churn:predict', body: { instances } } as const;
  return answer.parse(await http(endpoint, request, signal)).predictions;
}
