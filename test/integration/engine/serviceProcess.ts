/** The engine as a process of its own, to be killed: `node serviceProcess.ts <home> [<run id> <spec file>]`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDocument } from '../../../dev-cluster/embedded/kfp/engine/document.ts';
import { PipelineEngine } from '../../../dev-cluster/embedded/kfp/engine/engine.ts';
import { ProcessExecutor } from '../../../dev-cluster/embedded/kfp/engine/processExecutor.ts';
import { openDatabase } from '../../../dev-cluster/embedded/kfp/store/database.ts';
import { openStores } from '../../../dev-cluster/embedded/kfp/store/stores.ts';
import { specToDocuments } from '../../../src/core/ir/specDocuments.ts';
import { systemPython } from './systemPython.ts';

const [home = '', runId, specFile] = process.argv.slice(2);
const stores = openStores(openDatabase(join(home, 'state.db')));
const engine = new PipelineEngine({
  stores,
  executor: new ProcessExecutor({ environments: systemPython, graceMs: 500 }),
  home,
  maxParallelSteps: 3,
  parse: readDocument,
  onError: (error) => console.error(error),
});
if (runId !== undefined && specFile !== undefined && !stores.runs.get(runId)) {
  const spec = specToDocuments(readFileSync(specFile, 'utf8'));
  if (spec.kind !== 'pipeline') throw new Error('Not a pipeline.');
  stores.runs.insert({
    id: runId,
    displayName: 'killed',
    description: '',
    experimentId: '',
    createdAt: Date.now(),
    pipelineId: null,
    versionId: null,
    spec: { pipeline_spec: spec.pipelineSpec },
    parameters: {},
    pipelineRoot: '',
    serviceAccount: '',
  });
}
engine.recover();
console.log('recovered');
// Lives until it is killed, or nothing is left to do.
const timer = setInterval(() => {
  if (stores.runs.unfinished().length === 0) {
    clearInterval(timer);
    void engine.close();
  }
}, 20);
