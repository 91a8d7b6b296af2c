export { createMethod, type MethodOptions } from "./create-method.js";
export {
  type Average,
  type Batches,
  type Domains,
  type Method,
  type MethodContext,
  OPTIMIZERS,
  type Progress,
  type Scalars,
  type SourceMethod,
  type TwoDomainMethod,
} from "./method.js";
export { METHODS, type MethodName, methods } from "./methods.js";
