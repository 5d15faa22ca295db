/** MLflow's REST answers, as far as they are read. */
import { z } from 'zod';

export const experimentAnswer = z.object({
  experiment: z.object({ experiment_id: z.string(), name: z.string() }),
});

export const createdExperiment = z.object({ experiment_id: z.string() });

const runInfo = z.object({ run_id: z.string(), experiment_id: z.string(), status: z.string() });

export const runAnswer = z.object({ run: z.object({ info: runInfo }) });

export const runsPage = z.object({
  runs: z.array(z.object({ info: runInfo })).default([]),
  next_page_token: z.string().optional(),
});
