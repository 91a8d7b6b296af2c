import onnxProto from "onnx-proto";
import type { Tensor } from "../torch/index.js";

const { onnx } = onnxProto;
type Proto<T> = T extends { create(properties?: infer P): unknown } ? NonNullable<P> : never;
type NodeProto = Proto<typeof onnx.NodeProto>;
type TensorProto = Proto<typeof onnx.TensorProto>;
type ValueInfoProto = Proto<typeof onnx.ValueInfoProto>;
type AttributeProto = Proto<typeof onnx.AttributeProto>;

/** Element types of ONNX, by their numbers in TensorProto. */
export const ELEMENTS = { float32: 1, uint8: 2, int8: 3, int64: 7, float16: 10 } as const;
export type Element = keyof typeof ELEMENTS;

/** The type of stored convolution weights; arithmetic is always float32. */
export type Storage = "float32" | "float16" | "int8";

export type Attribute = number | string | readonly number[];

/** The version of the operator set. */
export const OPSET = 17;
const IR_VERSION = 8;

/** Collects the nodes and tensors of an ONNX graph. Values have names. */
export interface OnnxBuilder {
  /** Adds a node with one output and returns the output's name. */
  node(
    type: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): string;
  /** The name of a constant; each tensor is stored once. */
  constant(tensor: Tensor): string;
  /** An int64 vector. */
  int64s(values: readonly number[]): string;
  /** A float32 scalar. */
  scalar(value: number): string;
  /** Makes a value an output of the graph, under a name. */
  output(name: string, value: string, element: Element, shape: readonly Dimension[]): void;
  /** The model as protobuf bytes. */
  finish(metadata: Readonly<Record<string, string>>): Uint8Array;
}

/** A size, or the name of a dynamic size. */
export type Dimension = number | string;

/** Starts a graph with one float32 input. */
export function onnxBuilder(
  input: { readonly name: string; readonly shape: readonly Dimension[] },
  storage: Storage,
): OnnxBuilder {
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const outputs: ValueInfoProto[] = [];
  const constants = new Map<number, string>(); // names by handle
  let count = 0;

  const node: OnnxBuilder["node"] = (opType, inputs, attributes = {}) => {
    const name = `${opType.toLowerCase()}_${count++}`;
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    nodes.push({ name, opType, input: [...inputs], output: [name], attribute });
    return name;
  };
  const initializer = (element: Element, dims: readonly number[], data: ArrayBufferView) => {
    const name = `constant_${initializers.length}`;
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    initializers.push({ name, dims: [...dims], dataType: ELEMENTS[element], rawData });
    return name;
  };
  const stored = (tensor: Tensor): string => {
    const { shape } = tensor;
    const values = tensor.typed("float32") as Float32Array;
    if (shape.length !== 4 || storage === "float32") return initializer("float32", shape, values);
    if (storage === "float16") {
      const half = initializer("float16", shape, tensor.typed("float16"));
      return node("Cast", [half], { to: ELEMENTS.float32 });
    }
    const { scales, levels } = quantize(values, shape[0] as number);
    const quantized = initializer("int8", shape, levels);
    const factor = initializer("float32", [scales.length], scales);
    return node("DequantizeLinear", [quantized, factor], { axis: 0 });
  };
  return {
    node,
    constant(tensor) {
      const known = constants.get(tensor.handle);
      const name = known ?? stored(tensor);
      constants.set(tensor.handle, name);
      return name;
    },
    int64s: (values) =>
      initializer(
        "int64",
        [values.length],
        BigInt64Array.from(values, (value) => BigInt(value)),
      ),
    scalar: (value) => initializer("float32", [], Float32Array.of(value)),
    output(name, value, element, shape) {
      nodes.push({ name, opType: "Identity", input: [value], output: [name] });
      outputs.push(valueInfo(name, element, shape));
    },
    finish: (metadata) =>
      onnx.ModelProto.encode({
        irVersion: IR_VERSION,
        producerName: "cfcontra",
        opsetImport: [{ domain: "", version: OPSET }],
        graph: {
          name: "segmentation",
          node: nodes,
          initializer: initializers,
          input: [valueInfo(input.name, "float32", input.shape)],
          output: outputs,
        },
        metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      }).finish(),
  };
}

/** Symmetric int8 quantisation of a weight [O, ...], with one scale per output channel. */
function quantize(values: Float32Array, outputs: number) {
  const each = values.length / outputs;
  const levels = new Int8Array(values.length);
  const scales = Float32Array.from({ length: outputs }, (_, o) => {
    const row = values.subarray(o * each, (o + 1) * each);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = largest > 0 ? largest / 127 : 1;
    for (let i = 0; i < each; i++) levels[o * each + i] = Math.round((row[i] as number) / scale);
    return scale;
  });
  return { scales, levels };
}

function attributeOf(name: string, value: Attribute): AttributeProto {
  const { INT, INTS, STRING } = onnx.AttributeProto.AttributeType;
  if (typeof value === "string") return { name, type: STRING, s: new TextEncoder().encode(value) };
  if (typeof value === "number") return { name, type: INT, i: value };
  return { name, type: INTS, ints: [...value] };
}

function valueInfo(name: string, element: Element, shape: readonly Dimension[]): ValueInfoProto {
  const dim = shape.map((size) =>
    typeof size === "string" ? { dimParam: size } : { dimValue: size },
  );
  return { name, type: { tensorType: { elemType: ELEMENTS[element], shape: { dim } } } };
}
