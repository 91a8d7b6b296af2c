import { noGrad } from "./autograd.js";
import { pinning } from "./constant.js";
import { type Graph, native } from "./native.js";
import { copyInto } from "./ops.js";
import { dispose, keep, scope } from "./scope.js";
import { Tensor } from "./tensor.js";

/** The call that is captured. In those before it, cuDNN and cuBLAS choose and load their kernels. */
export const CAPTURED_CALL = 4;

/** Tensors in plain objects. */
export type Tensors = Tensor | { readonly [name: string]: Tensors | undefined };

/**
 * Captures a function of tensors as a CUDA graph and replays it. Launching a graph takes the processor
 * one call instead of thousands, which take longer than a GPU needs to compute them.
 */
export interface CudaGraph {
  /**
   * `body(inputs)`. The fourth call in a row with the same name and shapes is captured, with copies of the inputs,
   * and those after it are replayed: their results are the same tensors, with new values, until `dispose`. So `body`
   * must depend on nothing but the inputs, `name`, and tensors that exist before it, which it may change in place;
   * and it must neither read tensors nor create them from numbers. If it cannot be captured, it is computed
   * every time.
   */
  run<In extends Tensors, Out>(name: string, inputs: In, body: (inputs: In) => Out): Out;
  /** Frees the capture and its results. */
  dispose(): void;
}

interface Captured {
  readonly graph: Graph;
  readonly inputs: Tensors;
  readonly result: unknown;
  /** Frees the constants that it reads. */
  readonly release: () => void;
}

/** @param warn receives the reason if a function cannot be captured */
export function cudaGraph(warn: (sentence: string) => void = () => {}): CudaGraph {
  let current = "";
  let calls = 0;
  let failed = false;
  let captured: Captured | undefined;

  function drop(): void {
    if (captured === undefined) return;
    dispose([captured.inputs, captured.result]);
    captured.release();
    native.disposeGraph(captured.graph);
    captured = undefined;
  }

  return {
    run(name, inputs, body) {
      const given = `${name} ${tensorsOf(inputs).map(({ shape, dtype }) => `${shape} ${dtype}`)}`;
      if (given !== current) {
        drop();
        [current, calls] = [given, 0];
      }
      if (failed || ++calls < CAPTURED_CALL) return body(inputs);
      try {
        captured ??= capture(inputs, body);
      } catch (error) {
        failed = true;
        warn(
          "a step cannot be captured as a CUDA graph, so its operators are launched one by one " +
            `(${(error as Error).message.split("\n")[0]}); train.graphs=false does not try.`,
        );
        return body(inputs);
      }
      const { graph, inputs: own, result } = captured;
      const fresh = tensorsOf(inputs);
      noGrad(() => {
        for (const [i, tensor] of tensorsOf(own).entries()) copyInto(tensor, fresh[i] as Tensor);
      });
      native.replayGraph(graph);
      return result as ReturnType<typeof body>;
    },
    dispose: drop,
  };
}

/** Records `body` with copies of the inputs. Nothing is computed. */
function capture<In extends Tensors, Out>(inputs: In, body: (inputs: In) => Out): Captured {
  const own = keep(scope(() => copied(inputs)));
  let graph: Graph | undefined;
  let made: { readonly result: Out; readonly release: () => void } | undefined;
  try {
    graph = (native.beginCapture as () => Graph)();
    made = pinning(() => keep(scope(() => body(own))));
    native.endCapture(graph);
    return { graph, inputs: own, ...made };
  } catch (error) {
    if (graph) native.abandonCapture(graph);
    made?.release();
    dispose([own, made?.result]);
    throw error;
  }
}

/** The tensors in order. */
function tensorsOf(value: Tensors | undefined): Tensor[] {
  if (value === undefined) return [];
  return value instanceof Tensor ? [value] : Object.values(value).flatMap(tensorsOf);
}

function copied<T extends Tensors>(value: T): T {
  if (value instanceof Tensor) return value.clone() as T;
  const entries = Object.entries(value).map(([name, one]) => [name, one && copied(one)]);
  return Object.fromEntries(entries) as T;
}
