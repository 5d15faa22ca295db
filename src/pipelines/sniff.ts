/** How much of a file is enough to tell a pipeline. */
export const sniffLength = 4_096;

const marks = [
  /^# PIPELINE DEFINITION\b/m,
  /^pipelineInfo:/m,
  /^deploymentSpec:/m,
  /^schemaVersion: ['"]?2\./m,
  // Compiled documents start with their components; `comp-` is what every KFP compiler names them.
  /^components:\s*\n\s+(?:comp-|['"]comp-)/m,
  /"(?:pipelineInfo|pipeline_spec|deploymentSpec)"\s*:/,
];

/** True when the head of a YAML or JSON text looks like a KFP v2 pipeline. Cheap: decides on titles and menus only. */
export function looksLikePipeline(head: string): boolean {
  const text = head.slice(0, sniffLength);
  return marks.some((mark) => mark.test(text));
}

export function isPipelineFileName(path: string): boolean {
  return /\.pipeline\.ya?ml$/i.test(path);
}

/** `pipelineInfo.name` by its line alone, for lists; the parser is asked before anything runs. */
export function pipelineNameIn(text: string): string | undefined {
  const match =
    /^pipelineInfo:[ \t]*\r?\n(?:[ \t]+\w+:.*\r?\n)*?[ \t]+name:[ \t]*(['"]?)(.+?)\1[ \t]*$/m.exec(text);
  return match?.[2];
}
