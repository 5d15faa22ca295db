import type { PythonSignature } from './pythonSignature.ts';
import type { Component, Dag, PipelineDocument } from './model.ts';

type Signature = Extract<PythonSignature, { kind: 'signature' }>;

/** What tasks of the pipeline still want of a component that its new signature no longer offers, one line each. */
export function brokenUses(
  document: PipelineDocument,
  component: Component,
  signature: Signature,
): readonly string[] {
  const inputs = new Map(signature.inputs.map((port) => [port.name, port.type]));
  const outputs = new Map(signature.outputs.map((port) => [port.name, port.type]));
  const typeOf = new Map<string, string>([
    ...component.outputs.parameters.map(({ name, type }): [string, string] => [name, type]),
    ...component.outputs.artifacts.map(({ name, type }): [string, string] => [name, type.schemaTitle]),
  ]);
  return [document.root, ...document.components.values()].flatMap((one) =>
    one.implementation.kind === 'dag' ? usesIn(one.implementation.dag) : [],
  );

  function usesIn(dag: Dag): readonly string[] {
    const users = new Set(
      dag.tasks.filter((task) => task.componentRef === component.name).map(({ key }) => key),
    );
    if (users.size === 0) return [];
    const given = dag.tasks
      .filter(({ key }) => users.has(key))
      .flatMap((task) =>
        [...task.inputs.parameters, ...task.inputs.artifacts]
          .filter(({ name }) => !inputs.has(name))
          .map(({ name }) => `${task.name} is given “${name}”.`),
      );
    const read = dag.tasks.flatMap((task) =>
      [...task.inputs.parameters, ...task.inputs.artifacts].flatMap(({ source }) => {
        if (source.kind !== 'taskOutput' || !users.has(source.producerTask)) return [];
        const isSame = outputs.get(source.outputKey) === typeOf.get(source.outputKey);
        return isSame ? [] : [`${task.name} reads “${source.outputKey}” of ${source.producerTask}.`];
      }),
    );
    const passedOn = [...dag.outputs.parameters, ...dag.outputs.artifacts].flatMap(({ name, selectors }) =>
      selectors
        .filter(({ producerTask, outputKey }) => users.has(producerTask) && !outputs.has(outputKey))
        .map(({ producerTask, outputKey }) => `The output “${name}” is “${outputKey}” of ${producerTask}.`),
    );
    return [...given, ...read, ...passedOn];
  }
}
