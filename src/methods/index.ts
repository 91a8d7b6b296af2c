export { createMethod, type MethodOptions } from "./create-method.js";
export type {
  Batches,
  Domains,
  Method,
  MethodContext,
  Progress,
  Scalars,
  SourceMethod,
  TwoDomainMethod,
} from "./method.js";
export { METHODS, type MethodName, methods } from "./methods.js";
