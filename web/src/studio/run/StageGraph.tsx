import type { StageGraph as Graph, StageEdge } from "../../api/schema.d.ts";
import { Icon } from "../../part/Icon.tsx";
import { useWidth } from "../../part/use-width.ts";
import { text } from "../../text/text.ts";
import { StateBar } from "./StateBar.tsx";
import type { StageRun } from "./stage-run.ts";
import { describeStage, MOOD_ICONS, scopeOf } from "./stage-words.ts";

const BOX_WIDTH = 196;
const BOX_HEIGHT = 84;
const GAP_MIN = 44;
const GAP_MAX = 128;
/** Space for the cards that are drawn behind a box. */
const EDGE = 12;

interface GraphProps {
  graph: Graph;
  stages: readonly StageRun[];
  chosen: string | null;
  ended: boolean;
  onChoose: (stage: StageRun) => void;
}

/** The stages of a run as boxes in layers, with their dependencies. */
export function StageGraph({ graph, stages, chosen, ended, onChoose }: GraphProps) {
  const [frame, frameWidth] = useWidth<HTMLDivElement>();
  const layers = Math.max(...graph.nodes.map((node) => node.layer)) + 1;
  const gap = Math.max(
    GAP_MIN,
    Math.min(GAP_MAX, (frameWidth - 2 * EDGE - layers * BOX_WIDTH) / Math.max(1, layers - 1)),
  );
  const step = BOX_WIDTH + gap;
  const width = layers * step - gap + 2 * EDGE;
  const height = graph.height * BOX_HEIGHT + 2 * EDGE;
  const byName = new Map(stages.map((stage) => [stage.node.name, stage]));
  return (
    <div class="graph-frame" ref={frame}>
      <div class="graph" style={{ width: `${width}px`, height: `${height}px` }}>
        <svg class="graph-edges" width={width} height={height} aria-hidden="true">
          {graph.edges.map((edge) => (
            <path
              key={`${edge.source} ${edge.target}`}
              class={edgeClass(edge, byName)}
              d={drawEdge(edge, byName, step)}
            />
          ))}
        </svg>
        {stages.map((stage) => (
          <StageBox
            key={stage.node.name}
            stage={stage}
            step={step}
            chosen={stage.node.name === chosen}
            ended={ended}
            onChoose={() => onChoose(stage)}
          />
        ))}
      </div>
    </div>
  );
}

function StageBox({
  stage,
  step,
  chosen,
  ended,
  onChoose,
}: {
  stage: StageRun;
  step: number;
  chosen: boolean;
  ended: boolean;
  onChoose: () => void;
}) {
  const { node, sum, mood } = stage;
  const many = node.scope !== "video";
  const place = {
    left: `${EDGE + node.layer * step}px`,
    top: `${EDGE + (node.middle - 0.5) * BOX_HEIGHT}px`,
  };
  return (
    <button
      type="button"
      class={`stage-box mood-${mood}${many ? " stage-pile" : ""}${node.optional ? " stage-optional" : ""}`}
      style={place}
      aria-pressed={chosen}
      onClick={onChoose}
    >
      <span class="hidden-words">{describeStage(stage, ended)}</span>
      <span class="stage-name" aria-hidden="true">
        <Icon name={MOOD_ICONS[mood]} size={18} />
        <span>{node.name}</span>
        {sum.total > 1 && <span class="stage-count">{text.run.of(sum.done, sum.total)}</span>}
      </span>
      <span class="stage-scope" aria-hidden="true">
        {sum.total === 0 ? (ended ? text.run.noTasks : text.run.notBegun) : scopeOf(node)}
      </span>
      <StateBar sum={sum} />
    </button>
  );
}

/** Returns an edge as a smooth SVG path through its bends, with an arrow head. */
function drawEdge(edge: StageEdge, byName: ReadonlyMap<string, StageRun>, step: number): string {
  const [source, target] = [byName.get(edge.source)?.node, byName.get(edge.target)?.node];
  if (source === undefined || target === undefined) return "";
  const level = (middle: number): number => EDGE + middle * BOX_HEIGHT;
  const left = (layer: number): number => EDGE + layer * step;
  let [x, y] = [left(source.layer) + BOX_WIDTH, level(source.middle)];
  let path = `M${x} ${y}`;
  const curve = (toX: number, toY: number): string =>
    `C${(x + toX) / 2} ${y} ${(x + toX) / 2} ${toY} ${toX} ${toY}`;
  for (const [layer, middle] of edge.bends as [number, number][]) {
    path += `${curve(left(layer), level(middle))}h${BOX_WIDTH}`;
    [x, y] = [left(layer) + BOX_WIDTH, level(middle)];
  }
  const [endX, endY] = [left(target.layer) - 2, level(target.middle)];
  return `${path}${curve(endX, endY)}m-7 -4.500l7 4.500l-7 4.500`;
}

function edgeClass(edge: StageEdge, byName: ReadonlyMap<string, StageRun>): string {
  const [source, target] = [byName.get(edge.source), byName.get(edge.target)];
  if (target?.mood === "running") return "graph-edge graph-edge-live";
  return source !== undefined && source.mood === "done"
    ? "graph-edge graph-edge-done"
    : "graph-edge";
}
