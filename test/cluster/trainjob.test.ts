/** A TrainJob of Trainer's stock JAX runtime: two nodes that find each other and add up. */
import { expect, it } from 'vitest';
import { cluster, useNamespace } from './cluster.ts';
import { run } from './slipway.ts';

const namespace = useNamespace('trainjob');

const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  cluster.kubectl(['-n', namespace, ...args], input);

/** As Trainer's documentation starts JAX: everything it needs to know is in the environment. */
const program = `
import os
import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding, PartitionSpec

jax.distributed.initialize(
    coordinator_address=os.environ['JAX_COORDINATOR_ADDRESS'],
    num_processes=int(os.environ['JAX_NUM_PROCESSES']),
    process_id=int(os.environ['JAX_PROCESS_ID']),
)
rank = jax.process_index()
mesh = Mesh(jax.devices(), ('nodes',))
add = jax.jit(jax.shard_map(lambda x: jax.lax.psum(x, 'nodes'), mesh=mesh, in_specs=PartitionSpec('nodes'), out_specs=PartitionSpec()))
mine = jnp.full((1,), 10.0 ** rank)
everyone = jax.make_array_from_process_local_data(NamedSharding(mesh, PartitionSpec('nodes')), mine)
print(f'node {rank} of {jax.process_count()}: {add(everyone)[0]:.0f}', flush=True)
`;

/** The same with torchrun, which Trainer tells by its own variables. */
const torchProgram = `
import torch
import torch.distributed as dist

dist.init_process_group('gloo')
rank = dist.get_rank()
mine = torch.tensor([10.0 ** rank])
dist.all_reduce(mine)
print(f'node {rank} of {dist.get_world_size()}: {mine.item():.0f}', flush=True)
`;

const trainJob = (name: string, runtime: string, trainer: object): object => ({
  apiVersion: 'trainer.kubeflow.org/v1alpha1',
  kind: 'TrainJob',
  metadata: { name },
  spec: {
    runtimeRef: { name: runtime },
    trainer: { numNodes: 2, resourcesPerNode: { requests: { cpu: '500m', memory: '512Mi' } }, ...trainer },
  },
});

/** What the nodes said, after they have all completed. */
async function outputOf(name: string): Promise<readonly string[]> {
  const label = `jobset.sigs.k8s.io/jobset-name=${name}`;
  try {
    await kubectl(['wait', `trainjob/${name}`, '--for=condition=Complete', '--timeout=120s']);
  } catch (error) {
    const log = await kubectl(['logs', '-l', label, '--prefix', '--tail=20']);
    throw new Error(`${await kubectl(['get', 'pods'])}\n${log}`, { cause: error });
  }
  const log = await kubectl(['logs', '-l', label, '--tail=-1']);
  return log
    .split('\n')
    .filter((line) => line.startsWith('node '))
    .toSorted();
}

/** A Python that has torch: `$SLIPWAY_TEST_TORCH`, or the one on PATH. */
async function pythonWithTorch(): Promise<string | undefined> {
  const python = process.env['SLIPWAY_TEST_TORCH'] ?? 'python3';
  const program = 'import sys, torch; print(sys.executable)';
  const { code, stdout } = await run(python, ['-c', program], {}).catch(() => ({ code: 1, stdout: '' }));
  return code === 0 ? stdout.trim() : undefined;
}

const sums = ['node 0 of 2: 11', 'node 1 of 2: 11'];

it('Trainer completes a TrainJob of two JAX nodes that add up over the network', async () => {
  const job = trainJob('jax', 'jax-distributed', { command: ['python', '-c', program] });
  await kubectl(['apply', '-f', '-'], JSON.stringify(job));
  expect(await outputOf('jax')).toEqual(sums);
});

it('[nightly] Trainer completes a TrainJob of two torchrun nodes that add up over the network', async ({
  skip,
}) => {
  const python = await pythonWithTorch();
  if (python === undefined)
    return skip(
      'no Python here has torch, whose wheels bring gigabytes of CUDA; SLIPWAY_TEST_TORCH names one',
    );
  const image = 'torch-under-test:1';
  expect(await cluster.slipway('images', 'map', image, '--python', python)).toMatchObject({ code: 0 });
  const script = 'printf %s "$PROGRAM" > train.py && exec torchrun train.py';
  const job = trainJob('torch', 'torch-distributed', {
    image,
    command: ['sh', '-c', script],
    env: [{ name: 'PROGRAM', value: torchProgram }],
  });
  await kubectl(['apply', '-f', '-'], JSON.stringify(job));
  expect(await outputOf('torch')).toEqual(sums);
});
