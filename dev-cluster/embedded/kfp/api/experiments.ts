import { z } from 'zod';
import { invalid } from '../errors.ts';
import type { ExperimentRow, ExperimentStore } from '../store/experiments.ts';
import type { JsonObject } from '../../../../src/core/base/json.ts';
import { listRequest } from './query.ts';
import { limited, message, outputOnly } from './request.ts';
import type { Call, Route } from './router.ts';
import { EPOCH, page, populated, timestamp } from './wire.ts';

const newExperiment = message({
  display_name: z.string().default(''),
  description: z.string().default(''),
  namespace: z.string().default(''),
  storage_state: z.enum(['STORAGE_STATE_UNSPECIFIED', 'AVAILABLE', 'ARCHIVED']).optional(),
  experiment_id: outputOnly,
  created_at: outputOnly,
  last_run_created_at: outputOnly,
});

function toWire(experiment: ExperimentRow): JsonObject {
  return populated({
    experiment_id: experiment.id,
    display_name: experiment.displayName,
    description: experiment.description,
    created_at: timestamp(experiment.createdAt),
    storage_state: experiment.storageState,
    last_run_created_at:
      experiment.lastRunCreatedAt === null ? EPOCH : timestamp(experiment.lastRunCreatedAt),
  });
}

export function experimentRoutes(experiments: ExperimentStore): readonly Route[] {
  const id = ({ path }: Call): string => path['experiment_id'] ?? '';
  const one = '/apis/v2beta1/experiments/{experiment_id}';
  return [
    {
      method: 'GET',
      path: '/apis/v2beta1/experiments',
      handler: ({ query }) => {
        const { items, ...rest } = experiments.list(listRequest(query));
        return page('experiments', items.map(toWire), rest);
      },
    },
    {
      method: 'POST',
      path: '/apis/v2beta1/experiments',
      handler: async (call) => {
        const { display_name: name, description } = await call.body(newExperiment);
        if (name === '') throw invalid('The experiment name is empty. Please specify a valid name');
        return toWire(experiments.create(limited('Experiment.Name', name, 128), description));
      },
    },
    { method: 'GET', path: one, handler: (call) => toWire(experiments.get(id(call))) },
    {
      method: 'DELETE',
      path: one,
      handler: (call) => {
        experiments.delete(id(call));
        return {};
      },
    },
    {
      method: 'POST',
      path: `${one}:archive`,
      handler: (call) => {
        experiments.setStorageState(id(call), 'ARCHIVED');
        return {};
      },
    },
    {
      method: 'POST',
      path: `${one}:unarchive`,
      handler: (call) => {
        experiments.setStorageState(id(call), 'AVAILABLE');
        return {};
      },
    },
  ];
}
