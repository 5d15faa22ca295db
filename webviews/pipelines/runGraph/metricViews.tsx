/** Metrics as drawings, each with the same numbers as a table beside it. */
import type { ReactElement } from 'react';
import type { ConfusionMatrix, MetricsView, RocCurve } from '../../../src/core/protocol/runGraph.ts';

export function Metrics({ metrics, name }: { metrics: MetricsView; name: string }): ReactElement {
  return (
    <div className="metrics">
      {metrics.scalars.length === 0 ? null : (
        <table className="scalars" data-testid="metric-scalars">
          <caption className="screen-reader-only">Metrics of {name}</caption>
          <tbody>
            {metrics.scalars.map((scalar) => (
              <tr key={scalar.name}>
                <th scope="row">{scalar.name}</th>
                <td>{formatNumber(scalar.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {metrics.confusionMatrix === undefined ? null : <Confusion matrix={metrics.confusionMatrix} />}
      {metrics.roc === undefined ? null : <Roc curve={metrics.roc} />}
    </div>
  );
}

function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size >= 1e6 || size < 1e-4)
    ? value.toExponential(3)
    : String(Number(value.toPrecision(5)));
}

function percent(value: number | undefined): string {
  return value === undefined ? '–' : `${(value * 100).toFixed(1)} %`;
}

/** A table is the drawing: every cell is tinted by its share of the actual class. */
function Confusion({ matrix }: { matrix: ConfusionMatrix }): ReactElement {
  return (
    <figure className="confusion" data-testid="metric-confusion-matrix">
      <table>
        <caption>
          Confusion matrix <span className="hint">accuracy {percent(matrix.accuracy)}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col" className="corner">
              actual ↓ predicted →
            </th>
            {matrix.labels.map((label) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
            <th scope="col" className="aside">
              recall
            </th>
          </tr>
        </thead>
        <tbody>
          {matrix.rows.map((row, actual) => {
            const total = row.reduce((sum, value) => sum + value, 0);
            return (
              <tr key={matrix.labels[actual] ?? actual}>
                <th scope="row">{matrix.labels[actual]}</th>
                {row.map((value, predicted) => {
                  const share = total === 0 ? 0 : value / total;
                  return (
                    <td
                      key={matrix.labels[predicted] ?? predicted}
                      className={actual === predicted ? 'cell hit' : 'cell miss'}
                      title={`${percent(share)} of ${matrix.labels[actual] ?? ''}`}
                    >
                      <span className="tint" style={{ opacity: 0.05 + share * 0.29 }} />
                      <span className="count">{value}</span>
                    </td>
                  );
                })}
                <td className="aside">{percent(matrix.perLabel[actual]?.recall)}</td>
              </tr>
            );
          })}
          <tr>
            <th scope="row" className="aside">
              precision
            </th>
            {matrix.perLabel.map((score, at) => (
              <td key={matrix.labels[at] ?? at} className="aside">
                {percent(score.precision)}
              </td>
            ))}
            <td />
          </tr>
        </tbody>
      </table>
    </figure>
  );
}

const SIZE = 200;
const LEFT = 34;
const TOP = 8;
const TICKS = [0, 0.5, 1];

function Roc({ curve }: { curve: RocCurve }): ReactElement {
  const x = (rate: number): number => LEFT + rate * SIZE;
  const y = (rate: number): number => TOP + (1 - rate) * SIZE;
  const line = curve.points
    .map((point) => `${x(point.falsePositiveRate).toFixed(1)},${y(point.truePositiveRate).toFixed(1)}`)
    .join(' ');
  return (
    <figure className="roc" data-testid="metric-roc">
      <figcaption>
        ROC curve <span className="hint">area {curve.areaUnderCurve.toFixed(3)}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${LEFT + SIZE + 12} ${TOP + SIZE + 34}`}
        role="img"
        aria-label={`ROC curve, area under the curve ${curve.areaUnderCurve.toFixed(3)}`}
      >
        {TICKS.map((tick) => (
          <g key={tick}>
            <line className="grid" x1={x(tick)} y1={y(0)} x2={x(tick)} y2={y(1)} />
            <line className="grid" x1={x(0)} y1={y(tick)} x2={x(1)} y2={y(tick)} />
            <text x={x(tick)} y={y(0) + 14} textAnchor="middle">
              {tick}
            </text>
            <text x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
              {tick}
            </text>
          </g>
        ))}
        <text x={x(0.5)} y={y(0) + 30} textAnchor="middle">
          false positive rate
        </text>
        <text x={10} y={y(0.5)} textAnchor="middle" transform={`rotate(-90 10 ${y(0.5)})`}>
          true positive rate
        </text>
        <line className="chance" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
        <polygon className="area" points={`${line} ${x(1)},${y(0)} ${x(0)},${y(0)}`} />
        <polyline className="curve" points={line} />
      </svg>
      <details>
        <summary>Points as a table</summary>
        <table className="points">
          <thead>
            <tr>
              <th scope="col">Threshold</th>
              <th scope="col">False positive rate</th>
              <th scope="col">True positive rate</th>
            </tr>
          </thead>
          <tbody>
            {curve.points.map((point, at) => (
              <tr key={at}>
                <td>{point.threshold === undefined ? '∞' : formatNumber(point.threshold)}</td>
                <td>{formatNumber(point.falsePositiveRate)}</td>
                <td>{formatNumber(point.truePositiveRate)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
