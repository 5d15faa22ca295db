/**
 * KFP's metric artifacts, made ready to draw. `Metrics` keeps its scalars as plain metadata; `ClassificationMetrics`
 * keeps `confusionMatrix` and `confidenceMetrics` (the ROC curve's points), as the SDK's dsl writes them.
 */
import { z } from 'zod';
import type { Artifact } from '../../clients/kfp/model.ts';
import type { ArtifactView, ConfusionMatrix, MetricsView, RocCurve } from '../../core/protocol/runGraph.ts';

/** JSON has no infinity: servers write it as text, or leave the field out. */
const number = z.union([z.number(), z.string().transform(Number)]);

const confusionMatrix = z.object({
  annotationSpecs: z.array(z.object({ displayName: z.string() })),
  rows: z.array(z.object({ row: z.array(number) })),
});
const confidenceMetrics = z.array(
  z.object({
    confidenceThreshold: number.nullish(),
    falsePositiveRate: number.default(0),
    recall: number.default(0),
  }),
);

/** Metadata that says how an artifact was stored, for machines. */
const HIDDEN = new Set(['store_session_info', 'display_name', 'name']);
const MOST_METADATA = 50;
const MOST_TEXT = 2_000;
/** A curve of more points looks the same at any size of the panel. */
const MOST_POINTS = 200;

export function artifactView(artifact: Artifact): ArtifactView {
  const metrics = metricsOf(artifact);
  const drawn = new Set([
    ...(metrics?.scalars.map((scalar) => scalar.name) ?? []),
    ...(metrics?.confusionMatrix === undefined ? [] : ['confusionMatrix']),
    ...(metrics?.roc === undefined ? [] : ['confidenceMetrics']),
  ]);
  return {
    id: artifact.id,
    name: artifact.name,
    type: artifact.type,
    uri: artifact.uri,
    metrics,
    metadata: Object.entries(artifact.metadata)
      .filter(([name]) => !drawn.has(name) && !HIDDEN.has(name))
      .slice(0, MOST_METADATA)
      .map(([name, value]) => ({
        name,
        value: (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, MOST_TEXT),
      })),
  };
}

/** `undefined` when the artifact carries nothing to draw. */
export function metricsOf(artifact: Artifact): MetricsView | undefined {
  if (!artifact.type.endsWith('Metrics')) return undefined;
  const scalars = Object.entries(artifact.metadata)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .map(([name, value]) => ({ name, value }));
  const matrix = confusionMatrix.safeParse(artifact.metadata['confusionMatrix']);
  const confidence = confidenceMetrics.safeParse(artifact.metadata['confidenceMetrics']);
  const view: MetricsView = {
    scalars,
    confusionMatrix: matrix.success
      ? toConfusionMatrix(
          matrix.data.annotationSpecs.map((spec) => spec.displayName),
          matrix.data.rows.map((row) => row.row),
        )
      : undefined,
    roc: confidence.success
      ? toRocCurve(
          confidence.data.map((point) => ({
            falsePositiveRate: point.falsePositiveRate,
            truePositiveRate: point.recall,
            threshold: point.confidenceThreshold ?? undefined,
          })),
        )
      : undefined,
  };
  return scalars.length === 0 && view.confusionMatrix === undefined && view.roc === undefined
    ? undefined
    : view;
}

/** `undefined` unless it is square and not empty. */
export function toConfusionMatrix(
  labels: readonly string[],
  rows: readonly (readonly number[])[],
): ConfusionMatrix | undefined {
  const size = labels.length;
  if (size === 0 || rows.length !== size || rows.some((row) => row.length !== size)) return undefined;
  const at = (actual: number, predicted: number): number => rows[actual]?.[predicted] ?? 0;
  const all = rows.flat().reduce((sum, value) => sum + value, 0);
  const hits = labels.reduce((sum, _, index) => sum + at(index, index), 0);
  const share = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);
  return {
    labels,
    rows,
    accuracy: share(hits, all) ?? 0,
    perLabel: labels.map((_, index) => {
      const actual = (rows[index] ?? []).reduce((sum, value) => sum + value, 0);
      const predicted = labels.reduce((sum, _label, row) => sum + at(row, index), 0);
      return { precision: share(at(index, index), predicted), recall: share(at(index, index), actual) };
    }),
  };
}

type RocPoint = RocCurve['points'][number];

/** `undefined` for fewer than two points. */
export function toRocCurve(points: readonly RocPoint[]): RocCurve | undefined {
  const finite = points.filter(
    (point) => Number.isFinite(point.falsePositiveRate) && Number.isFinite(point.truePositiveRate),
  );
  if (finite.length < 2) return undefined;
  const sorted = [...finite]
    .sort((a, b) => a.falsePositiveRate - b.falsePositiveRate || a.truePositiveRate - b.truePositiveRate)
    .map((point) => ({
      ...point,
      threshold:
        point.threshold !== undefined && Number.isFinite(point.threshold) ? point.threshold : undefined,
    }));
  let area = 0;
  sorted.forEach((point, index) => {
    const before = sorted[index - 1];
    if (before === undefined) return;
    area +=
      ((point.falsePositiveRate - before.falsePositiveRate) *
        (point.truePositiveRate + before.truePositiveRate)) /
      2;
  });
  return { points: thin(withoutCollinear(sorted)), areaUnderCurve: area };
}

/** Points in the middle of a straight line change nothing in the drawing. */
function withoutCollinear(points: readonly RocPoint[]): readonly RocPoint[] {
  return points.filter((point, index) => {
    const before = points[index - 1];
    const after = points[index + 1];
    if (before === undefined || after === undefined) return true;
    const cross =
      (point.falsePositiveRate - before.falsePositiveRate) *
        (after.truePositiveRate - before.truePositiveRate) -
      (point.truePositiveRate - before.truePositiveRate) *
        (after.falsePositiveRate - before.falsePositiveRate);
    return Math.abs(cross) > 1e-12;
  });
}

/** Evenly spaced along the list, ends included. */
function thin(points: readonly RocPoint[]): readonly RocPoint[] {
  if (points.length <= MOST_POINTS) return points;
  const step = (points.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, index) => points[Math.round(index * step)]).filter(
    (point) => point !== undefined,
  );
}
