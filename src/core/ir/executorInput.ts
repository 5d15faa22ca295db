/** ExecutorInput: what a lightweight component's function is called with, as protojson. */
import type { JsonObject, JsonValue } from '../base/json.ts';

export interface RuntimeArtifact {
  readonly name: string;
  readonly type: JsonObject;
  readonly uri: string;
  readonly metadata: JsonObject;
}

export interface ExecutorInputParts {
  readonly parameters: ReadonlyMap<string, JsonValue>;
  /** Names of the parameters of type NUMBER_DOUBLE. */
  readonly doubles: ReadonlySet<string>;
  readonly inputArtifacts: ReadonlyMap<string, readonly RuntimeArtifact[]>;
  readonly outputParameterFiles: ReadonlyMap<string, string>;
  readonly outputArtifacts: ReadonlyMap<string, readonly RuntimeArtifact[]>;
  readonly outputFile: string;
}

/** Doubles keep their point, which Python needs to read them as floats. */
export function executorInputJson(parts: ExecutorInputParts): string {
  const { parameters, doubles, inputArtifacts, outputParameterFiles, outputArtifacts, outputFile } = parts;
  // A float stays a float in Python only with its point.
  const values = [...parameters].map(([name, value]) => {
    const text = JSON.stringify(value);
    const needsPoint = doubles.has(name) && typeof value === 'number' && /^-?\d+$/.test(text);
    return `${JSON.stringify(name)}:${needsPoint ? `${text}.0` : text}`;
  });
  const inputs = [
    ...(values.length === 0 ? [] : [`"parameterValues":{${values.join(',')}}`]),
    ...(inputArtifacts.size === 0 ? [] : [`"artifacts":${JSON.stringify(artifactLists(inputArtifacts))}`]),
  ];
  const outputs = {
    ...(outputParameterFiles.size === 0
      ? {}
      : {
          parameters: Object.fromEntries(
            [...outputParameterFiles].map(([name, file]) => [name, { outputFile: file }]),
          ),
        }),
    ...(outputArtifacts.size === 0 ? {} : { artifacts: artifactLists(outputArtifacts) }),
    outputFile,
  };
  return `{"inputs":{${inputs.join(',')}},"outputs":${JSON.stringify(outputs)}}`;
}

function artifactLists(artifacts: ReadonlyMap<string, readonly RuntimeArtifact[]>): JsonObject {
  return Object.fromEntries(
    [...artifacts].map(([name, items]) => [
      name,
      { artifacts: items.map(({ name: own, type, uri, metadata }) => ({ name: own, type, uri, metadata })) },
    ]),
  );
}
