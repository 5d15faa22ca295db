import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Artifact } from '../../../../src/clients/kfp/model.ts';
import {
  artifactView,
  metricsOf,
  toConfusionMatrix,
  toRocCurve,
} from '../../../../src/pipelines/graph/metrics.ts';

const artifact = (type: string, metadata: Artifact['metadata']): Artifact => ({
  id: '1',
  name: 'metrics',
  type,
  uri: '',
  metadata,
  createdAt: new Date(0),
});

describe('toConfusionMatrix', () => {
  // scikit-learn, confusion_matrix: y_true = [2, 0, 2, 2, 0, 1], y_pred = [0, 0, 2, 2, 0, 2].
  it('agrees with the example of scikit-learn’s confusion_matrix', () => {
    const matrix = toConfusionMatrix(
      ['0', '1', '2'],
      [
        [2, 0, 0],
        [0, 0, 1],
        [1, 0, 2],
      ],
    );
    expect(matrix?.accuracy).toBeCloseTo(4 / 6, 12);
    expect(matrix?.perLabel).toEqual([
      { precision: 2 / 3, recall: 1 },
      // Never predicted: precision is not defined.
      { precision: undefined, recall: 0 },
      { precision: 2 / 3, recall: 2 / 3 },
    ]);
  });

  // scikit-learn, classification_report: y_true = [0, 1, 2, 2, 2], y_pred = [0, 0, 2, 2, 1].
  it('agrees with the example of scikit-learn’s classification_report', () => {
    const matrix = toConfusionMatrix(
      ['class 0', 'class 1', 'class 2'],
      [
        [1, 0, 0],
        [1, 0, 0],
        [0, 1, 2],
      ],
    );
    expect(matrix?.accuracy).toBeCloseTo(0.6, 12);
    const rounded = matrix?.perLabel.map(({ precision, recall }) => [
      precision?.toFixed(2),
      recall?.toFixed(2),
    ]);
    expect(rounded).toEqual([
      ['0.50', '1.00'],
      ['0.00', '0.00'],
      ['1.00', '0.67'],
    ]);
  });

  it('refuses what is not square', () => {
    expect(toConfusionMatrix([], [])).toBeUndefined();
    expect(toConfusionMatrix(['a', 'b'], [[1, 2]])).toBeUndefined();
    expect(toConfusionMatrix(['a', 'b'], [[1, 2], [3]])).toBeUndefined();
  });
});

// scikit-learn, roc_curve: y = [1, 1, 2, 2], scores = [0.1, 0.4, 0.35, 0.8], pos_label = 2.
const example = [
  { falsePositiveRate: 0, truePositiveRate: 0, threshold: Number.POSITIVE_INFINITY },
  { falsePositiveRate: 0, truePositiveRate: 0.5, threshold: 0.8 },
  { falsePositiveRate: 0.5, truePositiveRate: 0.5, threshold: 0.4 },
  { falsePositiveRate: 0.5, truePositiveRate: 1, threshold: 0.35 },
  { falsePositiveRate: 1, truePositiveRate: 1, threshold: 0.1 },
];

describe('toRocCurve', () => {
  it('agrees with the example of scikit-learn’s roc_curve and roc_auc_score', () => {
    const curve = toRocCurve([...example].reverse());
    expect(curve?.areaUnderCurve).toBeCloseTo(0.75, 12);
    expect(curve?.points).toHaveLength(5);
    expect(curve?.points[0]).toEqual({ falsePositiveRate: 0, truePositiveRate: 0, threshold: undefined });
  });

  it('thins long curves without moving their ends or their area', () => {
    const points = Array.from({ length: 5_001 }, (_, at) => ({
      falsePositiveRate: at / 5_000,
      truePositiveRate: Math.sqrt(at / 5_000),
      threshold: 1 - at / 5_000,
    }));
    const curve = toRocCurve(points);
    expect(curve?.points.length).toBeLessThanOrEqual(200);
    expect(curve?.points[0]).toMatchObject({ falsePositiveRate: 0, truePositiveRate: 0 });
    expect(curve?.points.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 });
    // ∫√x = 2/3
    expect(curve?.areaUnderCurve).toBeCloseTo(2 / 3, 4);
  });

  it('an area is between 0 and 1, and one half for the diagonal however it is cut', () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(rate, { maxLength: 50 }), (cuts) => {
        const curve = toRocCurve(
          [0, ...cuts, 1].map((at) => ({
            falsePositiveRate: at,
            truePositiveRate: at,
            threshold: undefined,
          })),
        );
        expect(curve?.areaUnderCurve).toBeCloseTo(0.5, 9);
      }),
    );
  });

  it('needs two points', () => {
    expect(toRocCurve(example.slice(0, 1))).toBeUndefined();
    expect(toRocCurve([])).toBeUndefined();
  });
});

describe('metricsOf', () => {
  it('reads ClassificationMetrics as the KFP SDK logs them', () => {
    const metrics = metricsOf(
      artifact('ClassificationMetrics', {
        confusionMatrix: {
          annotationSpecs: [{ displayName: 'stayed' }, { displayName: 'churned' }],
          rows: [{ row: [7, 1] }, { row: [2, 5] }],
        },
        confidenceMetrics: [
          { confidenceThreshold: 'Infinity', recall: 0, falsePositiveRate: 0 },
          { confidenceThreshold: 0.5, recall: 0.8, falsePositiveRate: 0.1 },
          { confidenceThreshold: 0, recall: 1, falsePositiveRate: 1 },
        ],
      }),
    );
    expect(metrics?.confusionMatrix).toMatchObject({ labels: ['stayed', 'churned'], accuracy: 12 / 15 });
    expect(metrics?.roc?.points[0]?.threshold).toBeUndefined();
    expect(metrics?.roc?.areaUnderCurve).toBeCloseTo(0.04 + 0.81, 12);
  });

  it('reads scalars, and leaves what machines keep in metadata out of sight', () => {
    const view = artifactView(
      artifact('Metrics', { accuracy: 0.91, note: 'good', store_session_info: '{}' }),
    );
    expect(view.metrics?.scalars).toEqual([{ name: 'accuracy', value: 0.91 }]);
    expect(view.metadata).toEqual([{ name: 'note', value: 'good' }]);
  });

  it('broken metrics are shown as metadata, not lost', () => {
    const view = artifactView(artifact('ClassificationMetrics', { confusionMatrix: { rows: 'x' } }));
    expect(view.metrics).toBeUndefined();
    expect(view.metadata).toEqual([{ name: 'confusionMatrix', value: '{"rows":"x"}' }]);
  });

  it('does not take a model’s numbers for metrics', () => {
    expect(metricsOf(artifact('Model', { accuracy: 1 }))).toBeUndefined();
  });
});
