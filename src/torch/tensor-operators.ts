import type { Calls, HasHandle } from "./calls.js";

/** The operators of the methods of a tensor of type `T`. */
export function tensorOperators<T extends HasHandle>({ operator, inPlace, operators }: Calls<T>) {
  /** An operator with a tensor and a scalar overload. */
  function binary(name: string) {
    const withTensor = operator(`${name}.Tensor`);
    const withScalar = operator(`${name}.Scalar`);
    return (a: T, b: T | number) => (typeof b === "number" ? withScalar(a, b) : withTensor(a, b));
  }

  function binaryInPlace(name: string) {
    const withTensor = inPlace(`${name}.Tensor`);
    const withScalar = inPlace(`${name}.Scalar`);
    return (a: T, b: T | number) => (typeof b === "number" ? withScalar(a, b) : withTensor(a, b));
  }

  return {
    add: binary("add"),
    sub: binary("sub"),
    mul: binary("mul"),
    div: binary("div"),
    addInPlace: inPlace("add_.Tensor"),
    mulInPlace: binaryInPlace("mul_"),
    divInPlace: binaryInPlace("div_"),
    subInPlace: binaryInPlace("sub_"),
    pow: operator("pow.Tensor_Scalar"),
    neg: operator("neg"),
    abs: operator("abs"),
    exp: operator("exp"),
    log: operator("log"),
    log2: operator("log2"),
    sqrt: operator("sqrt"),
    relu: operator("relu"),
    reluInPlace: inPlace("relu_"),
    leakyRelu: operator("leaky_relu"),
    sigmoid: operator("sigmoid"),
    softplus: operator("softplus"),
    tanh: operator("tanh"),
    clampMin: operator("clamp_min"),
    clamp: operator("clamp"),
    eq: binary("eq"),
    ne: binary("ne"),
    lt: binary("lt"),
    gt: binary("gt"),
    ge: binary("ge"),
    logicalNot: operator("logical_not"),
    logicalAnd: operator("logical_and"),
    isfinite: operator("isfinite"),
    sum: operator("sum"),
    sumDims: operator("sum.dim_IntList"),
    mean: operator("mean"),
    meanDims: operator("mean.dim"),
    varDims: operator("var.correction"),
    norm: operator("linalg_vector_norm"),
    argmax: operator("argmax"),
    argmin: operator("argmin"),
    amax: operator("amax"),
    max: operator("max"),
    min: operator("min"),
    softmax: operator("softmax.int"),
    logSoftmax: operator("log_softmax.int"),
    matmul: operator("matmul"),
    reshape: operator("reshape"),
    permute: operator("permute"),
    transpose: operator("transpose.int"),
    unsqueeze: operator("unsqueeze"),
    squeeze: operator("squeeze.dim"),
    expand: operator("expand"),
    select: operator("select.int"),
    slice: operator("slice.Tensor"),
    indexSelect: operator("index_select"),
    gather: operator("gather"),
    maskedFill: operator("masked_fill.Scalar"),
    flip: operator("flip"),
    bincount: operator("bincount"),
    clone: operator("clone"),
    contiguous: operator("contiguous"),
    detach: operator("detach"),
    move: operator("to.device"),
    zero: inPlace("zero_"),
    fill: inPlace("fill_.Scalar"),
    normal: inPlace("normal_"),
    uniform: inPlace("uniform_"),
    chunk: operators("chunk"),
  };
}
