import { isJsonObject, type JsonValue } from '../../base/json.ts';
import type { Component, Executor } from '../model.ts';
import { describeInputs } from './descriptions.ts';
import { readLightweight, type Lightweight } from './lightweight.ts';
import { splitPlaceholders, UnsayableError } from './program.ts';
import {
  docstring,
  isIdentifier,
  literal,
  pyCall,
  pyString,
  pyValue,
  toIdentifier,
  type Names,
  type Written,
} from './pythonText.ts';
import type { Types } from './types.ts';

type Container = Extract<Executor, { kind: 'container' }>;

/** A component as it stands in the file. */
export interface Definition {
  /** Its name in Python. */
  readonly name: string;
  /** What the SDK calls its first task; later ones get a number. */
  readonly taskName: string;
}

/** Every component once, however many entries of `components` the compiler made of it. */
export class ComponentDefinitions {
  readonly texts: readonly string[];
  readonly #types: Types;
  readonly #definitions = new Map<Container, Definition>();
  /** By command and args. */
  readonly #images = new Map<string, string>();

  /** `used`: in the order of their first use. */
  constructor(
    used: readonly { readonly component: Component; readonly executor: Container }[],
    types: Types,
    names: Names,
  ) {
    this.#types = types;
    for (const { executor } of used)
      if (!executor.image.includes('{{$')) this.#images.set(codeOf(executor), executor.image);
    const made = new Map<
      string,
      { readonly wish: string; readonly body: string; readonly isFunction: boolean }
    >();
    const keys = used.map(({ component, executor }) => {
      const one = this.#make(component, executor);
      const key = `${one.wish} ${one.body}`;
      made.set(key, made.get(key) ?? one);
      return { executor, key };
    });
    const functions = [...made.values()].filter(({ isFunction }) => isFunction).map(({ wish }) => wish);
    const texts: string[] = [];
    const definitions = new Map<string, Definition>();
    for (const [key, { wish, body, isFunction }] of made) {
      if (body === '') {
        definitions.set(key, { name: wish, taskName: k8sName(wish.replace('kubernetes.', '')) });
        continue;
      }
      // A lightweight component's name is in its source: when two share it, each goes on under another.
      const isShared =
        isFunction && (names.has(wish) || functions.filter((name) => name === wish).length > 1);
      const name = isShared ? names.pick(`${wish}_1`, `${wish}_2`, wish) : names.pick(wish);
      const taskName = k8sName(isFunction ? wish : name);
      texts.push(isShared ? `${body}\n\n${name} = ${wish}\n` : body.replace(defName, `def ${name}(`));
      definitions.set(key, { name, taskName });
    }
    for (const { executor, key } of keys) {
      const definition = definitions.get(key);
      if (definition !== undefined) this.#definitions.set(executor, definition);
    }
    this.texts = texts;
  }

  of(executor: Container): Definition {
    const definition = this.#definitions.get(executor);
    if (definition === undefined) throw new Error(`${executor.label} was not defined.`);
    return definition;
  }

  #make(component: Component, executor: Container): { wish: string; body: string; isFunction: boolean } {
    const stock = kubernetesComponents.get(executor.image);
    if (stock !== undefined && executor.command.length === 0)
      return { wish: stock, body: '', isFunction: false };
    const lightweight = readLightweight(executor);
    if (lightweight === undefined) return { ...this.#container(component, executor), isFunction: false };
    // An image that a value names is set on the task; the component takes whichever image others have with it.
    const image = executor.image.includes('{{$') ? this.#images.get(codeOf(executor)) : executor.image;
    return { wish: lightweight.functionName, body: this.#function(lightweight, image), isFunction: true };
  }

  #function(python: Lightweight, image: string | undefined): string {
    const list =
      (values: readonly string[]): Written =>
      (indent, room) =>
        pyValue([...values], indent, room);
    const isDefaultTrust =
      python.pipTrustedHosts.length === python.pipIndexUrls.length &&
      python.pipTrustedHosts.every((host, at) => host === python.pipIndexUrls[at]);
    const args = [
      ...(image === undefined ? [] : [{ name: 'base_image', value: literal(pyString(image)) }]),
      ...(python.packages.length === 0
        ? []
        : [{ name: 'packages_to_install', value: list(python.packages) }]),
      ...(python.pipIndexUrls.length === 0
        ? []
        : [{ name: 'pip_index_urls', value: list(python.pipIndexUrls) }]),
      ...(isDefaultTrust ? [] : [{ name: 'pip_trusted_hosts', value: list(python.pipTrustedHosts) }]),
      ...(python.usesVenv ? [{ name: 'use_venv', value: literal('True') }] : []),
      ...(python.kfpVersion === undefined ? [{ name: 'install_kfp_package', value: literal('False') }] : []),
    ];
    this.#noteNames(python.definition);
    const decorator = args.length === 0 ? '@dsl.component' : `@${pyCall('dsl.component', args)('', 99)}`;
    return `${decorator}\n${python.definition.trim()}\n`;
  }

  /** What a component's source reads by the star imports that the SDK puts before it. */
  #noteNames(source: string): void {
    const words = new Set(source.match(/(?<![\w.])[A-Z]\w+/g));
    for (const word of words) {
      if (dslNames.has(word)) this.#types.dsl.add(word);
      else if (typingNames.has(word)) this.#types.typing.add(word);
    }
  }

  #container(
    component: Component,
    { image, command, args, label }: Container,
  ): { body: string; wish: string } {
    const parameters: { text: string; isOptional: boolean }[] = [];
    const named = (name: string): string => {
      if (isIdentifier(name)) return name;
      throw new UnsayableError(
        `${component.name} has an input or output \`${name}\`, which is no name in Python: rename it.`,
      );
    };
    for (const { name, type, defaultValue, isOptional } of component.inputs.parameters) {
      const annotation = this.#types.parameter(type);
      const isStatus = type === 'TASK_FINAL_STATUS' || type === 'TASK_CONFIG';
      const isMissable = !isStatus && (isOptional || defaultValue !== undefined);
      const whole = isMissable && defaultValue === undefined ? this.#types.optional(annotation) : annotation;
      const value = isMissable
        ? ` = ${pyValue(defaultValue ?? null, '', 999, { isFloat: type === 'NUMBER_DOUBLE' })}`
        : '';
      parameters.push({ text: `${named(name)}: ${whole}${value}`, isOptional: isMissable });
    }
    for (const { name, type, isList, isOptional } of component.inputs.artifacts) {
      this.#types.dsl.add('Input');
      const annotation = `Input[${this.#types.artifact(type, isList)}]`;
      const whole = isOptional ? `${this.#types.optional(annotation)} = None` : annotation;
      parameters.push({ text: `${named(name)}: ${whole}`, isOptional });
    }
    for (const { name, type } of component.outputs.parameters)
      parameters.push({
        text: `${named(name)}: dsl.OutputPath(${this.#types.parameter(type)})`,
        isOptional: false,
      });
    for (const { name, type, isList } of component.outputs.artifacts) {
      this.#types.dsl.add('Output');
      parameters.push({
        text: `${named(name)}: Output[${this.#types.artifact(type, isList)}]`,
        isOptional: false,
      });
    }
    // Python wants those without a default first; inputs and outputs are found by name.
    const sorted = [
      ...parameters.filter((one) => !one.isOptional),
      ...parameters.filter((one) => one.isOptional),
    ];
    const words = new ContainerWords(component);
    const spec = pyCall('dsl.ContainerSpec', [
      { name: 'image', value: words.element(image) },
      ...(command.length === 0 ? [] : [{ name: 'command', value: words.list(command) }]),
      ...(args.length === 0 ? [] : [{ name: 'args', value: words.list(args) }]),
    ]);
    const described = describeInputs(component, undefined);
    const head = pyCall(
      'def component',
      sorted.map(({ text }) => ({ value: literal(text) })),
    )('', 98);
    const wish = toIdentifier(component.name.replace(/^comp-/, '').replace(/-\d+$/, '') || label);
    return {
      wish,
      body: `@dsl.container_component\n${head}:\n${described === '' ? '' : docstring(described, '    ')}    return ${spec('    ', 88)}\n`,
    };
  }
}

/** Components that kfp.kubernetes brings, by the name that stands for an image. */
const kubernetesComponents: ReadonlyMap<string, string> = new Map([
  ['argostub/createpvc', 'kubernetes.CreatePVC'],
  ['argostub/deletepvc', 'kubernetes.DeletePVC'],
]);

const defName = /^def component\(/m;

/** Commands and args of a container component, whose placeholders are its function's parameters. */
class ContainerWords {
  readonly #values = new Map<string, string>();

  constructor({ inputs, outputs }: Component) {
    for (const { name } of inputs.parameters) this.#values.set(`{{$.inputs.parameters['${name}']}}`, name);
    for (const { name } of outputs.parameters)
      this.#values.set(`{{$.outputs.parameters['${name}'].output_file}}`, name);
    for (const [side, artifacts] of [
      ['inputs', inputs.artifacts],
      ['outputs', outputs.artifacts],
    ] as const)
      for (const { name } of artifacts)
        for (const field of ['uri', 'path'])
          this.#values.set(`{{$.${side}.artifacts['${name}'].${field}}}`, `${name}.${field}`);
  }

  list(texts: readonly string[]): Written {
    return (indent, room) => {
      const written = texts.map((text) => this.element(text));
      const call = pyCall(
        '',
        written.map((value) => ({ value })),
      )(indent, room - 2);
      return `[${call.slice(1, -1)}]`;
    };
  }

  element(text: string): Written {
    const json = structured(text);
    if (json !== undefined) {
      const whole = this.#structure(json);
      if (whole !== undefined) return whole;
    }
    return literal(this.#text(text));
  }

  #structure(json: JsonValue): Written | undefined {
    if (typeof json === 'string') return literal(this.#text(json));
    if (Array.isArray(json)) {
      const parts = json.map((one: JsonValue) => this.#structure(one));
      if (parts.some((part) => part === undefined)) return undefined;
      return (indent, room) => {
        const args = parts.flatMap((value) => (value === undefined ? [] : [{ value }]));
        return `[${pyCall('', args)(indent, room - 2).slice(1, -1)}]`;
      };
    }
    if (!isJsonObject(json)) return undefined;
    const concat = json['Concat'];
    if (Array.isArray(concat)) {
      const items = this.#structure(concat);
      return items && pyCall('dsl.ConcatPlaceholder', [{ value: items }]);
    }
    const present = json['IfPresent'];
    if (!isJsonObject(present) || typeof present['InputName'] !== 'string') return undefined;
    const then = this.#structure(present['Then'] ?? null);
    const otherwise = present['Else'] === undefined ? undefined : this.#structure(present['Else']);
    if (then === undefined || (present['Else'] !== undefined && otherwise === undefined)) return undefined;
    return pyCall('dsl.IfPresentPlaceholder', [
      { name: 'input_name', value: literal(pyString(present['InputName'])) },
      { name: 'then', value: then },
      ...(otherwise === undefined ? [] : [{ name: 'else_', value: otherwise }]),
    ]);
  }

  #text(text: string): string {
    const value = this.#values.get(text);
    if (value !== undefined) return value;
    const found = splitPlaceholders(text).some(
      (part) => part.kind === 'input' && this.#values.has(`{{$.inputs.parameters['${part.name}']}}`),
    );
    if (!found || text.includes('\n')) return pyString(text);
    const parts = splitPlaceholders(text).map((part) =>
      part.kind === 'text'
        ? pyString(part.text).slice(1, -1).replaceAll('{', '{{').replaceAll('}', '}}')
        : `{${part.name}}`,
    );
    return `f"${parts.join('')}"`;
  }
}

function codeOf({ command, args }: Container): string {
  return JSON.stringify([command, args]);
}

function structured(text: string): JsonValue | undefined {
  if (!/^\{\s*"(Concat|IfPresent)"/.test(text)) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** As the SDK makes a task's name of a component's. */
export function k8sName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^-0-9a-z]+/g, '-')
    .replace(/-+/g, '-')
    .replace(/^-|-$/g, '');
}

const dslNames = new Set(
  (
    'Input Output InputPath OutputPath Artifact Dataset Model Metrics ClassificationMetrics SlicedClassificationMetrics ' +
    'HTML Markdown PipelineTaskFinalStatus'
  ).split(' '),
);
const typingNames = new Set(
  'Any Callable Dict FrozenSet Iterable Iterator List Literal Mapping NamedTuple Optional Sequence Set Tuple Type Union'.split(
    ' ',
  ),
);
