/** Kubernetes quantities, e.g. `250m`, `2Gi`, `1e3`, as numbers. */
const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const pattern = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/;

/** In the base unit (cores, bytes); 0 when it is no quantity. */
export function parseQuantity(text: string | number | undefined): number {
  const match = pattern.exec(String(text ?? '').trim());
  if (match === null) return 0;
  return Number(match[1]) * (suffixes[match[2] ?? ''] ?? 1);
}

/** Of cores, for people: `250m` stays small, `7.5` keeps one digit. */
export function formatCores(cores: number): string {
  if (cores === 0) return '0';
  if (cores < 1) return `${Math.round(cores * 1000)}m`;
  return Number(cores.toFixed(1)).toString();
}

/** Of bytes, for people: `512 MiB`, `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const gib = bytes / 2 ** 30;
  if (gib >= 1) return `${Number(gib.toFixed(1))} GiB`;
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
