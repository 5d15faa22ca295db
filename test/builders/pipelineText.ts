import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Text of a shared sample, by file name. */
export function sampleText(name: string): string {
  return readFileSync(join(import.meta.dirname, '..', 'fixtures', 'kfp', 'samples', name), 'utf8');
}

/** A correct pipeline of two tasks, `make` and `use`, with one replacement, which must be found exactly once. */
export function pipelineText(replace = '', by = ''): string {
  if (replace === '') return base;
  const parts = base.split(replace);
  if (parts.length !== 2) throw new Error(`found ${parts.length - 1} times: ${replace}`);
  return parts.join(by);
}

const base = `components:
  comp-make:
    executorLabel: exec-make
    inputDefinitions:
      parameters:
        count:
          parameterType: NUMBER_INTEGER
    outputDefinitions:
      artifacts:
        data:
          artifactType:
            schemaTitle: system.Dataset
            schemaVersion: 0.0.1
      parameters:
        Output:
          parameterType: STRING
  comp-use:
    executorLabel: exec-use
    inputDefinitions:
      artifacts:
        data:
          artifactType:
            schemaTitle: system.Dataset
            schemaVersion: 0.0.1
      parameters:
        text:
          parameterType: STRING
deploymentSpec:
  executors:
    exec-make:
      container:
        command:
        - make
        - '{{$.inputs.parameters[''count'']}}'
        - '{{$.outputs.artifacts[''data''].path}}'
        image: alpine
    exec-use:
      container:
        args:
        - '{{$.inputs.artifacts[''data''].uri}}'
        image: busybox
pipelineInfo:
  name: two-steps
root:
  dag:
    tasks:
      make:
        componentRef:
          name: comp-make
        inputs:
          parameters:
            count:
              componentInputParameter: how_many
        taskInfo:
          name: make
      use:
        componentRef:
          name: comp-use
        dependentTasks:
        - make
        inputs:
          artifacts:
            data:
              taskOutputArtifact:
                outputArtifactKey: data
                producerTask: make
          parameters:
            text:
              taskOutputParameter:
                outputParameterKey: Output
                producerTask: make
        taskInfo:
          name: use
  inputDefinitions:
    parameters:
      how_many:
        parameterType: NUMBER_INTEGER
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
`;

/** A pipeline whose dag has many tasks in a ring: each waits for the one before, the first for the last. */
export function ringText(count: number): string {
  const tasks = Array.from({ length: count }, (_, i) => {
    const before = (i + count - 1) % count;
    return `      t${i}:\n        componentRef: {name: comp-a}\n        dependentTasks: [t${before}]\n        taskInfo: {name: t${i}}\n`;
  });
  return `components:
  comp-a: {executorLabel: exec-a}
deploymentSpec:
  executors:
    exec-a: {container: {image: alpine}}
pipelineInfo: {name: ring}
root:
  dag:
    tasks:
${tasks.join('')}schemaVersion: 2.1.0
`;
}
