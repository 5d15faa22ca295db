/** A TrainJob of Trainer's stock JAX runtime: two nodes that find each other and add up. */
import { expect, it } from 'vitest';
import { cluster, useNamespace } from './cluster.ts';

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

const trainJob = {
  apiVersion: 'trainer.kubeflow.org/v1alpha1',
  kind: 'TrainJob',
  metadata: { name: 'sum' },
  spec: {
    runtimeRef: { name: 'jax-distributed' },
    trainer: {
      numNodes: 2,
      command: ['python', '-c', program],
      resourcesPerNode: { requests: { cpu: '500m', memory: '512Mi' } },
    },
  },
};

it('Trainer completes a TrainJob of two JAX nodes that add up over the network', async () => {
  await kubectl(['apply', '-f', '-'], JSON.stringify(trainJob));
  const finished = 'jsonpath={.status.conditions[?(@.status=="True")].type}=Complete';
  await kubectl(['wait', 'trainjob/sum', `--for=${finished}`, '--timeout=120s']).catch(
    async (error: unknown) => {
      const log = await kubectl([
        'logs',
        '-l',
        'jobset.sigs.k8s.io/jobset-name=sum',
        '--prefix',
        '--tail=20',
      ]);
      throw new Error(`${await kubectl(['get', 'pods'])}\n${log}`, { cause: error });
    },
  );
  const label = 'jobset.sigs.k8s.io/jobset-name=sum';
  const log = await kubectl(['logs', '-l', label]);
  expect(
    log
      .split('\n')
      .filter((line) => line.startsWith('node '))
      .toSorted(),
  ).toEqual(['node 0 of 2: 11', 'node 1 of 2: 11']);
});
