/** The drawing as a picture of its own: text and shapes in the theme's colours, no styles from elsewhere. */
import type { Box, GraphNode, LaidOutGraph } from '../../../../src/core/ir/graphModel.ts';
import { layoutSizes } from '../../../../src/core/ir/layoutSizes.ts';
import { absoluteBox } from '../navigation.ts';
import { edgeLines, type EdgeEnd } from '../edgeLines.ts';

export interface DrawingSvg {
  readonly text: string;
  readonly width: number;
  readonly height: number;
}

/** `colour` answers a variable of the theme. Pure. */
export function drawingSvg(
  drawing: LaidOutGraph,
  colour: (variable: string, fallback: string) => string,
): DrawingSvg {
  const { graph, routes, collapsed, width, height } = drawing;
  const parents = new Map(graph.nodes.map((node) => [node.id, node.parent]));
  const groups = new Set(graph.nodes.map((node) => node.parent));
  const ink = colour('--vscode-editor-foreground', '#333333');
  const paper = colour('--vscode-editor-background', '#ffffff');
  const accent = colour('--vscode-charts-blue', '#3794ff');
  const font = colour('--vscode-font-family', 'sans-serif');
  const parts: string[] = [];
  const lines: string[] = [];

  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const endOf = (id: string): EdgeEnd | undefined => {
    const [node, box] = [nodes.get(id), absoluteBox(drawing, parents, id)];
    return node === undefined || box === undefined ? undefined : { node, box };
  };

  for (const edge of graph.edges) {
    const points = routes[edge.id];
    if (points === undefined || points.length < 2) continue;
    const parent = parents.get(edge.from);
    const origin = parent === undefined ? undefined : absoluteBox(drawing, parents, parent);
    const [from, to] = [endOf(edge.from), endOf(edge.to)];
    if (from === undefined || to === undefined) continue;
    const route = points.map((point) => ({ x: point.x + (origin?.x ?? 0), y: point.y + (origin?.y ?? 0) }));
    const { path, arrows } = edgeLines({ edge, from, to, route });
    const stroke = edge.kind === 'artifact' ? accent : ink;
    const dash = edge.kind === 'order' ? ' stroke-dasharray="4 4"' : '';
    lines.push(
      `<path d="${path}" fill="none" stroke="${escape(stroke)}" stroke-opacity="0.7"${dash}/>`,
      `<path d="${arrows}" fill="${escape(stroke)}" fill-opacity="0.7"/>`,
    );
  }
  for (const node of graph.nodes) {
    const box = absoluteBox(drawing, parents, node.id);
    if (box === undefined) continue;
    const isOpen = groups.has(node.id) && !collapsed.includes(node.id);
    (isOpen ? parts : lines).push(boxSvg(node, box, isOpen, { ink, paper }));
  }
  const text = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escape(font)}" font-size="13">`,
    `<title>${escape(graph.pipelineName)}</title>`,
    `<rect width="100%" height="100%" fill="${escape(paper)}"/>`,
    ...parts,
    ...lines,
    '</svg>',
  ].join('\n');
  return { text, width, height };
}

function boxSvg(
  node: GraphNode,
  box: Box,
  isOpen: boolean,
  { ink, paper }: { readonly ink: string; readonly paper: string },
): string {
  const isPort = node.kind === 'input' || node.kind === 'output';
  const middle = box.y + (isOpen ? layoutSizes.groupHeader / 2 : box.height / 2);
  const hasDetail = node.detail !== '' && !isPort;
  // About 7 pixels a letter: what does not fit is cut, as on the canvas.
  const most = Math.floor((box.width - 20) / 7);
  const line = (value: string, y: number, extra = ''): string =>
    `<text x="${box.x + 10}" y="${y}" fill="${escape(ink)}"${extra}>${escape(cut(value, most))}</text>`;
  return [
    `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="${isPort ? box.height / 2 : 5}" fill="${escape(isOpen ? ink : paper)}" fill-opacity="${isOpen ? 0.03 : 1}" stroke="${escape(ink)}" stroke-opacity="0.5"/>`,
    line(node.label, middle + (hasDetail ? -3 : 5)),
    ...(hasDetail ? [line(node.detail, middle + 14, ' font-size="11" fill-opacity="0.7"')] : []),
  ].join('');
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const letters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  return letters.length <= most ? text : `${letters.slice(0, Math.max(1, most - 1)).join('')}…`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Browsers refuse larger ones. */
const MOST_PIXELS = 16_000;

/** Base64, twice the size so that text stays sharp. */
export async function svgToPng(svg: DrawingSvg): Promise<string> {
  const scale = Math.min(2, MOST_PIXELS / Math.max(svg.width, svg.height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg.text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(svg.width * scale);
  canvas.height = Math.ceil(svg.height * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}
