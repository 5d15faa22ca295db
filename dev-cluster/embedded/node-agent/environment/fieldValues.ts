/** Values of the pod itself in env and downwardAPI volumes. */
import { parseQuantity } from '../../../../src/clients/kubernetes/quantity.ts';
import type { Container, Pod } from '../../../../src/clients/kubernetes/model.ts';

const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/** Of a `fieldRef`; `undefined` when Kubernetes has no such field. The pod's status may be older than its addresses. */
export function fieldValue(
  pod: Pod,
  fieldPath: string,
  addresses: { readonly podIp: string; readonly hostIp: string },
): string | undefined {
  const subscript = SUBSCRIPT.exec(fieldPath);
  if (subscript !== null)
    return (
      (subscript[1] === 'labels' ? pod.metadata?.labels : pod.metadata?.annotations)?.[subscript[2] ?? ''] ??
      ''
    );
  switch (fieldPath) {
    case 'metadata.name':
      return pod.metadata?.name ?? '';
    case 'metadata.namespace':
      return pod.metadata?.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata?.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata?.labels ?? {});
    case 'metadata.annotations':
      return formatMap(pod.metadata?.annotations ?? {});
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.podIP':
    case 'status.podIPs':
      return addresses.podIp;
    case 'status.hostIP':
    case 'status.hostIPs':
      return addresses.hostIp;
    default:
      return undefined;
  }
}

/** Of a `resourceFieldRef`, rounded up in units of its divisor; a missing limit is what the node has. */
export function resourceValue(
  container: Container,
  resource: string,
  divisor: string | undefined,
  allocatable: Readonly<Record<string, string>>,
): string | undefined {
  const [, kind, name] = /^(limits|requests)\.(.+)$/.exec(resource) ?? [];
  if (kind === undefined || name === undefined) return undefined;
  const own = kind === 'limits' ? container.resources?.limits : container.resources?.requests;
  const quantity =
    own?.[name] ??
    (kind === 'limits' && ['cpu', 'memory', 'ephemeral-storage'].includes(name) ? allocatable[name] : '0');
  const unit = parseQuantity(divisor) || 1;
  // Whole millis first: 0.1 / 0.001 is a little more than 100.
  return String(Math.ceil(Number((parseQuantity(quantity) / unit).toFixed(6))));
}

/** `key="value"` a line, sorted, values quoted as Go does. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .join('\n');
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
};

function goQuote(text: string): string {
  const body = Array.from(text, (character) => {
    const known = GO_ESCAPES[character];
    if (known !== undefined) return known;
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || code === 0x7f) return String.raw`\x` + code.toString(16).padStart(2, '0');
    return character;
  });
  return `"${body.join('')}"`;
}
