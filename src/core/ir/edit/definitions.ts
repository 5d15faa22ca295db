/** The components of a pipeline or component file, of KFP v1's too, each with all it needs to be put into another file. */
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { specToDocuments } from '../specDocuments.ts';
import { v1Component } from '../v1/v1Component.ts';
import type { ComponentDefinition } from './gesture.ts';
import { objectAt, textAt, valueAt } from './jsonPath.ts';
import { portViews, type PortViews } from './portViews.ts';

export interface FoundComponent extends PortViews {
  /** As people call it: `train`, or the pipeline's name. */
  readonly name: string;
  readonly description: string | undefined;
  readonly isPipeline: boolean;
  readonly definition: ComponentDefinition;
}

/** What the SDK makes of a loop or a condition is nothing to use again. */
export function isCompilerGroup(component: string): boolean {
  return /^comp-(?:for-loop|condition|condition-branches|exit-handler)(?:-\d+)+$/.test(component);
}

/** For people: without the prefix that the compiler gives it. */
export function nameOfComponent(component: string): string {
  return component.replace(/^comp-/, '');
}

/** Empty for a text that is neither. A file of several components also offers itself, as a sub-pipeline. */
export function definitionsIn(text: string): readonly FoundComponent[] {
  const documents = specToDocuments(text);
  if (documents.kind === 'notPipeline') return ofV1(text);
  const { pipelineSpec: spec, platformSpec } = documents;
  const kubernetes = objectAt(platformSpec, 'platforms', 'kubernetes', 'deploymentSpec', 'executors');
  const components = objectAt(spec, 'components');
  const description = textAt(spec, 'pipelineInfo', 'description') ?? headerDescription(text);
  const names = Object.keys(components).filter((name) => !isCompilerGroup(name));
  const found = names.map((name): FoundComponent => {
    const component = objectAt(components, name);
    return {
      name: nameOfComponent(name),
      description: names.length === 1 ? description : undefined,
      isPipeline: Object.hasOwn(component, 'dag'),
      ...portViews(component),
      definition: define(name, component, spec, kubernetes),
    };
  });
  const root = objectAt(spec, 'root');
  const name = textAt(spec, 'pipelineInfo', 'name') ?? 'pipeline';
  if (Object.keys(objectAt(root, 'dag', 'tasks')).length < 2) return found;
  const whole: FoundComponent = {
    name,
    description,
    isPipeline: true,
    ...portViews(root),
    definition: define(`comp-${name}`, root, spec, kubernetes),
  };
  return [whole, ...found];
}

function ofV1(text: string): readonly FoundComponent[] {
  const found = v1Component(text);
  if (found === undefined) return [];
  const { name, description, component, executorLabel, executor } = found;
  return [
    {
      name,
      description,
      isPipeline: false,
      ...portViews(component),
      definition: { name: `comp-${name}`, component, executors: { [executorLabel]: executor } },
    },
  ];
}

/** The SDK writes a component's docstring into the comment at the top, and nowhere else. */
function headerDescription(text: string): string | undefined {
  const found = /^# Description: (.*(?:\r?\n# {2,}\S.*)*)/m.exec(text.slice(0, 4_096));
  // Inputs and outputs are headings of the same comment, indented by less.
  return found?.[1]?.replaceAll(/\r?\n#\s+/g, ' ').trim();
}

function define(
  name: string,
  component: JsonObject,
  spec: JsonObject,
  kubernetes: JsonObject,
): ComponentDefinition {
  const components: Record<string, JsonObject> = {};
  const executors: Record<string, JsonObject> = {};
  const configs: Record<string, JsonObject> = {};
  const collect = (one: JsonObject): void => {
    const label = textAt(one, 'executorLabel');
    const executor = label === undefined ? undefined : objectAt(spec, 'deploymentSpec', 'executors', label);
    if (label !== undefined && executor !== undefined) {
      executors[label] = executor;
      const config = valueAt(kubernetes, label);
      if (isJsonObject(config)) configs[label] = config;
    }
    for (const task of Object.values(objectAt(one, 'dag', 'tasks'))) {
      const used = textAt(task, 'componentRef', 'name');
      const inner = used === undefined ? undefined : valueAt(spec, 'components', used);
      if (used === undefined || !isJsonObject(inner) || Object.hasOwn(components, used)) continue;
      components[used] = inner;
      collect(inner);
    }
  };
  collect(component);
  return {
    name,
    component,
    executors,
    ...(Object.keys(components).length === 0 ? {} : { components }),
    ...(Object.keys(configs).length === 0 ? {} : { kubernetes: configs }),
  };
}
