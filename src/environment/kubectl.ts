/** kubectl commands for people to copy: complete, so that they work in any terminal. */
import type { KubernetesAccess } from './environment.ts';

export interface KubectlObject {
  readonly kind: 'node' | 'pod' | 'service';
  readonly namespace: string | undefined;
  readonly name: string;
  /** Of a pod: its log is asked for. */
  readonly container?: string;
}

export function kubectlCommand(access: KubernetesAccess, object: KubectlObject): string {
  const { kind, namespace, name, container } = object;
  const where = [
    // kubectl takes one file by option; of several, its own KUBECONFIG must name them.
    ...(access.paths.length === 1 ? ['--kubeconfig', access.paths[0] ?? ''] : []),
    ...(access.context === undefined ? [] : ['--context', access.context]),
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
  ];
  const what =
    container === undefined
      ? ['describe', `${kind}/${name}`]
      : ['logs', `pod/${name}`, '--container', container];
  return ['kubectl', ...where, ...what].map(shellWord).join(' ');
}

/** As a POSIX shell reads it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
