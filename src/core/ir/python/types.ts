import type { ArtifactType, ParameterType } from '../model.ts';
import { systemArtifacts } from '../values.ts';
import { UnsayableError } from './program.ts';
import { type Names, toIdentifier } from './pythonText.ts';

/** Annotations, and what a file must import or define for them. */
export class Types {
  /** From `kfp.dsl`. */
  readonly dsl = new Set<string>();
  readonly typing = new Set<string>();
  readonly #classes = new Map<string, { readonly name: string; readonly text: string }>();
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  /** `item`: the type of a list's items, where it is known. */
  parameter(type: ParameterType, item?: ParameterType): string {
    switch (type) {
      case 'STRING':
        return 'str';
      case 'NUMBER_INTEGER':
        return 'int';
      case 'NUMBER_DOUBLE':
        return 'float';
      case 'BOOLEAN':
        return 'bool';
      case 'LIST':
        if (item === undefined) return 'list';
        this.typing.add('List');
        return `List[${this.parameter(item)}]`;
      case 'STRUCT':
        return 'dict';
      case 'TASK_FINAL_STATUS':
        this.dsl.add('PipelineTaskFinalStatus');
        return 'PipelineTaskFinalStatus';
      case 'TASK_CONFIG':
        return 'dsl.TaskConfig';
    }
  }

  artifact(type: ArtifactType, isList: boolean): string {
    const name = this.#artifactClass(type);
    if (!isList) return name;
    this.typing.add('List');
    return `List[${name}]`;
  }

  optional(annotation: string): string {
    this.typing.add('Optional');
    return `Optional[${annotation}]`;
  }

  #artifactClass({ schemaTitle, schemaVersion = '0.0.1' }: ArtifactType): string {
    const [, system] = /^system\.(\w+)$/.exec(schemaTitle) ?? [];
    if (system !== undefined && systemArtifacts.has(system) && schemaVersion === '0.0.1') {
      this.dsl.add(system);
      return system;
    }
    const key = `${schemaTitle}@${schemaVersion}`;
    const known = this.#classes.get(key);
    if (known !== undefined) return known.name;
    if (!/^(system|google)\./.test(schemaTitle))
      throw new UnsayableError(`The SDK takes artifact types of system and google only, not ${schemaTitle}.`);
    const wish = toIdentifier(schemaTitle.split('.').at(-1) ?? schemaTitle)
      .split('_')
      .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
      .join('');
    const name = this.#names.pick(wish);
    this.dsl.add('Artifact');
    const text = `class ${name}(Artifact):\n    schema_title = "${schemaTitle}"\n    schema_version = "${schemaVersion}"\n`;
    this.#classes.set(key, { name, text });
    return name;
  }

  /** Classes of artifacts that the SDK does not bring. */
  classes(): readonly string[] {
    return [...this.#classes.values()].map(({ text }) => text);
  }
}
