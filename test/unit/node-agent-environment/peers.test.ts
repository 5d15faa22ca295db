import { describe, expect, it } from 'vitest';
import {
  NameRewriter,
  namedPorts,
  pairsInWords,
} from '../../../dev-cluster/embedded/node-agent/environment/nameRewriting.ts';
import { peerFinder } from '../../../dev-cluster/embedded/node-agent/environment/peers.ts';

const find = peerFinder({ namespace: 'ml', subdomains: ['job'] });
const rewriter = new NameRewriter(find, new Map([['job-node-0-0.job:29400', 22_000]]));

describe('pods called by name over TCP', () => {
  it('knows JAX, as Trainer sets it', () => {
    const variables = [['JAX_COORDINATOR_ADDRESS', 'job-node-0-0.job:29400']] as const;
    expect(namedPorts({ words: [], variables }, find)).toEqual([{ name: 'job-node-0-0.job', port: 29_400 }]);
    expect(rewriter.rewriteText('job-node-0-0.job:29400')).toBe('127.0.0.1:22000');
  });

  it('knows torchrun, as Trainer sets it: host and port apart', () => {
    const variables = { PET_MASTER_ADDR: 'job-node-0-0.job', PET_MASTER_PORT: '29400', OTHER_PORT: '29400' };
    expect(namedPorts({ words: [], variables: Object.entries(variables) }, find)).toEqual([
      { name: 'job-node-0-0.job', port: 29_400 },
    ]);
    expect(Object.fromEntries(rewriter.rewriteVariables(new Map(Object.entries(variables))))).toEqual({
      PET_MASTER_ADDR: '127.0.0.1',
      PET_MASTER_PORT: '22000',
      OTHER_PORT: '29400',
    });
  });

  it('knows flags', () => {
    const args = [
      '--master_addr',
      'job-node-0-0.job.ml.svc.cluster.local',
      '--master_port',
      '29400',
      'train.py',
    ];
    expect(pairsInWords(args, find)).toContainEqual({ name: 'job-node-0-0.job', port: 29_400 });
    expect(rewriter.rewriteWords(args)).toEqual([
      '--master_addr',
      '127.0.0.1',
      '--master_port',
      '22000',
      'train.py',
    ]);
    expect(rewriter.rewriteWords(['--rdzv-endpoint=job-node-0-0.job:29400'])).toEqual([
      '--rdzv-endpoint=127.0.0.1:22000',
    ]);
  });

  it.each([
    'job-node-0-0.jobs:29400',
    'x.job-node-0-0.job:29400',
    'job-node-0-0.job.other.svc:29400',
    'job.py',
  ])('leaves %s alone', (text) => {
    expect(rewriter.rewriteText(text)).toBe(text);
  });
});
