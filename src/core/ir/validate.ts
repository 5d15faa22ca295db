/**
 * What a pipeline means wrong, found before it runs. The files: validate (document, components, executors) →
 * validateTask (one task) → validatePlaceholders; cycles, conditions, values and fixes help. Codes: problemCodes.ts.
 */
import { cycleText, findCycles } from './cycles.ts';
import { childId } from './graph.ts';
import type { Component, Dag, PipelineDocument, Problem, Task } from './model.ts';
import { validatePlaceholders } from './validatePlaceholders.ts';
import { validateTask } from './validateTask.ts';
import {
  interfaceOf,
  isPathSegment,
  ValidationContext,
  type ComponentInterface,
} from './validationContext.ts';
import { isAllowed, isArtifactPassable, isOfType, isPassable, typeNames } from './values.ts';
import { quote } from './yamlReader.ts';

/** Every problem of a parsed document in document order; `text` is what it was parsed from, for the fixes. */
export function validatePipeline(document: PipelineDocument, text: string): readonly Problem[] {
  const context = new ValidationContext(document, text);
  validateInfo(context);
  const uses = findUses(document);
  if (document.root.implementation.kind !== 'dag') {
    context.report(
      'missing-implementation',
      'The pipeline has no root.dag with tasks to run.',
      document.root.range,
    );
  } else validateComponent(context, interfaceOf(document.root), { groupPath: '', tasks: [] });
  for (const component of document.components.values()) {
    const known = context.interfaceOf(component.name);
    if (known !== undefined) validateComponent(context, known, uses.get(component.name));
    if (uses.has(component.name)) continue;
    const message = `No task uses the component ${quote(component.name)}.`;
    const about = { kind: 'component', name: component.name } as const;
    context.report('unused-component', message, component.nameRange, undefined, undefined, about);
  }
  validateRecursion(context, uses);
  validateExecutors(context);
  return context.problems.sort((a, b) => a.range.start - b.range.start);
}

/** The tasks that refer to a component, and the scope path of the first of them, by which its inside is named. */
interface Uses {
  readonly groupPath: string;
  readonly tasks: Task[];
}

/** Breadth first from the root, each component opened once: linear, however often components repeat. */
function findUses(document: PipelineDocument): ReadonlyMap<string, Uses> {
  const uses = new Map<string, Uses>();
  const queue: { readonly component: Component; readonly path: string }[] = [
    { component: document.root, path: '' },
  ];
  for (const { component, path } of queue) {
    if (component.implementation.kind !== 'dag') continue;
    for (const task of component.implementation.dag.tasks) {
      const known = uses.get(task.componentRef);
      if (known !== undefined) {
        known.tasks.push(task);
        continue;
      }
      const target = document.components.get(task.componentRef);
      if (target === undefined) continue;
      const groupPath = childId(path, task.key);
      uses.set(target.name, { groupPath, tasks: [task] });
      queue.push({ component: target, path: groupPath });
    }
  }
  return uses;
}

function validateInfo(context: ValidationContext): void {
  const { name, nameRange, schemaVersion, schemaVersionRange } = context.document;
  if (name.trim() === '') {
    context.report('missing-name', 'The pipeline has no name: set pipelineInfo.name.', nameRange);
  } else if (!/^[a-z0-9][a-z0-9-]{0,127}$/.test(name)) {
    const clean = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 128);
    const fix = { title: `Change to '${clean}'`, edits: [{ range: nameRange, text: JSON.stringify(clean) }] };
    context.report(
      'bad-name',
      `The name ${quote(name)} may only have lower-case letters, digits and dashes, at most 128.`,
      nameRange,
      undefined,
      clean === '' ? undefined : fix,
    );
  }
  if (/^2\.[01]\.\d+(?:[-+].*)?$/.test(schemaVersion)) return;
  context.report(
    'unsupported-schema-version',
    schemaVersion === ''
      ? 'The pipeline has no schemaVersion: compile it with a KFP v2 SDK.'
      : `The schemaVersion ${quote(schemaVersion)} is not one of 2.0 and 2.1, which are the ones known here.`,
    schemaVersionRange,
  );
}

function validateComponent(
  context: ValidationContext,
  known: ComponentInterface,
  uses: Uses | undefined,
): void {
  const { component } = known;
  const path = uses?.groupPath === '' ? undefined : uses?.groupPath;
  validateDefinitions(context, component, path);
  switch (component.implementation.kind) {
    case 'dag':
      validateDag(context, known, component.implementation.dag, uses);
      break;
    case 'executor': {
      const { label, range } = component.implementation;
      const executor = context.document.executors.get(label);
      if (executor !== undefined) validatePlaceholders(context, known, executor, uses?.tasks ?? [], path);
      else {
        context.report(
          'unknown-executor',
          `There is no executor ${quote(label)} in deploymentSpec.executors.`,
          range,
          path,
          context.rename(label, range, context.document.executors.keys()),
        );
      }
      break;
    }
    case 'missing':
      context.report(
        'missing-implementation',
        `The component ${quote(component.name)} has neither a dag nor an executorLabel.`,
        component.nameRange,
        path,
      );
  }
}

function validateDefinitions(
  context: ValidationContext,
  component: Component,
  path: string | undefined,
): void {
  const { inputs, outputs } = component;
  for (const port of [
    ...inputs.parameters,
    ...inputs.artifacts,
    ...outputs.parameters,
    ...outputs.artifacts,
  ]) {
    if (isPathSegment(port.name)) continue;
    const message = `The name ${quote(port.name)} cannot be used in a path: use letters, digits, dashes and underscores.`;
    context.report('bad-artifact-name', message, port.nameRange, path);
  }
  for (const { name, type, defaultValue, literals, range } of inputs.parameters) {
    if (defaultValue === undefined) continue;
    const isRight =
      isOfType(defaultValue, type) && (defaultValue === null || isAllowed(defaultValue, literals));
    if (isRight) continue;
    const wanted = literals.length === 0 ? typeNames[type] : `one of ${JSON.stringify(literals)}`;
    const message = `The default of ${quote(name)} must be ${wanted}.`;
    const group = component.name === 'root' ? '' : path;
    const about = group === undefined ? undefined : ({ kind: 'ownInput', group, name } as const);
    context.report('type-mismatch', message, range, path, undefined, about);
  }
}

function validateDag(
  context: ValidationContext,
  known: ComponentInterface,
  dag: Dag,
  uses: Uses | undefined,
): void {
  const group = uses?.groupPath;
  if (dag.tasks.length === 0) {
    context.report(
      'empty-dag',
      'This dag has no tasks, so there is nothing to run.',
      dag.range,
      group === '' ? undefined : group,
    );
  }
  const tasks = new Map(dag.tasks.map((task) => [task.key, task]));
  for (const task of dag.tasks) {
    validateTask(context, known, tasks, task, group === undefined ? undefined : childId(group, task.key));
  }
  validateDagOutputs(context, known, dag, tasks, group);
  const edgesOf = (key: string): { to: string; data: Problem['range'] }[] => {
    const task = tasks.get(key);
    if (task === undefined) return [];
    const producers = [...task.inputs.parameters, ...task.inputs.artifacts].flatMap(({ source }) =>
      source.kind === 'taskOutput' || source.kind === 'taskFinalStatus'
        ? [{ to: source.producerTask, data: source.producerRange }]
        : [],
    );
    return [...task.dependentTasks.map((entry) => ({ to: entry.task, data: entry.range })), ...producers];
  };
  for (const { path, closing } of findCycles(tasks.keys(), edgesOf, 10)) {
    const last = path.at(-1) ?? '';
    context.report(
      'cycle',
      `These tasks wait for each other and could never start: ${cycleText(path)}.`,
      closing,
      group === undefined ? undefined : childId(group, last),
      undefined,
      { kind: 'upstream', task: path[0] ?? '' },
    );
  }
}

function validateDagOutputs(
  context: ValidationContext,
  known: ComponentInterface,
  dag: Dag,
  tasks: ReadonlyMap<string, Task>,
  group: string | undefined,
): void {
  const path = group === '' ? undefined : group;
  for (const [kind, outputs] of [
    ['parameter', dag.outputs.parameters] as const,
    ['artifact', dag.outputs.artifacts] as const,
  ]) {
    const declared = kind === 'parameter' ? known.outputParameters : known.outputArtifacts;
    const given = new Set(outputs.map(({ name }) => name));
    for (const { name, nameRange } of declared.values()) {
      if (given.has(name)) continue;
      const message = `No task gives the output ${quote(name)} its value.`;
      context.report('unknown-output', message, nameRange, path, undefined, aboutOutput(group, name));
    }
    for (const output of outputs) {
      if (!declared.has(output.name)) {
        const message = `The output ${quote(output.name)} is not in outputDefinitions.`;
        const fix = context.rename(output.name, output.nameRange, declared.keys());
        const about = aboutOutput(group, output.name);
        context.report('unknown-output', message, output.nameRange, path, fix, about);
      }
      for (const selector of output.selectors) {
        const producer = tasks.get(selector.producerTask);
        if (producer === undefined) {
          context.report(
            'unknown-task',
            `There is no task ${quote(selector.producerTask)} in this dag.`,
            selector.producerRange,
            path,
            context.rename(selector.producerTask, selector.producerRange, tasks.keys()),
            aboutOutput(group, output.name),
          );
          continue;
        }
        const made = context.interfaceOf(producer.componentRef);
        if (made === undefined) continue;
        const available = kind === 'parameter' ? made.outputParameters : made.outputArtifacts;
        if (!available.has(selector.outputKey)) {
          context.report(
            'unknown-output',
            `The task ${quote(selector.producerTask)} has no output ${kind} ${quote(selector.outputKey)}.`,
            selector.outputKeyRange,
            path,
            context.rename(selector.outputKey, selector.outputKeyRange, available.keys()),
            aboutOutput(group, output.name),
          );
          continue;
        }
        if (producer.iterator === undefined)
          validateOutputType(context, known, made, output.name, selector, path);
      }
    }
  }
}

function aboutOutput(group: string | undefined, name: string): Problem['about'] {
  return group === undefined ? undefined : { kind: 'ownOutput', group, name };
}

/** A loop's outputs are declared as the lists they become, so a list may be made of anything. */
function validateOutputType(
  context: ValidationContext,
  known: ComponentInterface,
  made: ComponentInterface,
  name: string,
  selector: Dag['outputs']['parameters'][number]['selectors'][number],
  path: string | undefined,
): void {
  const toParameter = known.outputParameters.get(name);
  const fromParameter = made.outputParameters.get(selector.outputKey);
  const toArtifact = known.outputArtifacts.get(name);
  const fromArtifact = made.outputArtifacts.get(selector.outputKey);
  const mismatch =
    toParameter !== undefined && fromParameter !== undefined
      ? toParameter.type === 'LIST' || isPassable(fromParameter.type, toParameter.type)
        ? undefined
        : `${typeNames[fromParameter.type]}, but ${quote(name)} is ${typeNames[toParameter.type]}`
      : toArtifact !== undefined && fromArtifact !== undefined
        ? isArtifactPassable(fromArtifact.type.schemaTitle, toArtifact.type.schemaTitle)
          ? undefined
          : `a ${fromArtifact.type.schemaTitle}, but ${quote(name)} is a ${toArtifact.type.schemaTitle}`
        : undefined;
  if (mismatch === undefined) return;
  const message = `${quote(`${selector.producerTask}.${selector.outputKey}`)} is ${mismatch}.`;
  context.report('type-mismatch', message, selector.range, path);
}

function validateRecursion(context: ValidationContext, uses: ReadonlyMap<string, Uses>): void {
  const { components } = context.document;
  const edgesOf = (name: string): { to: string; data: Task }[] => {
    const implementation = components.get(name)?.implementation;
    if (implementation?.kind !== 'dag') return [];
    return implementation.dag.tasks
      .filter((task) => components.has(task.componentRef))
      .map((task) => ({ to: task.componentRef, data: task }));
  };
  for (const { path, closing } of findCycles(components.keys(), edgesOf, 10)) {
    const group = uses.get(path.at(-1) ?? '')?.groupPath;
    context.report(
      'recursion',
      `A component cannot contain itself: ${cycleText(path)}.`,
      closing.componentRefRange,
      group === undefined ? undefined : childId(group, closing.key),
    );
  }
}

function validateExecutors(context: ValidationContext): void {
  for (const executor of context.document.executors.values()) {
    if (executor.kind === 'unsupported') {
      const what = executor.spec === '' ? 'is empty' : `is of the kind ${quote(executor.spec)}`;
      context.report(
        'unsupported-executor',
        `The executor ${quote(executor.label)} ${what}: only containers and importers can run.`,
        executor.range,
      );
    } else if (executor.kind === 'container' && executor.image === '') {
      context.report('missing-image', `The container ${quote(executor.label)} has no image.`, executor.range);
    }
  }
}
