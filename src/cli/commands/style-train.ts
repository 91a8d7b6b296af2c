import { existsSync } from "node:fs";
import { UserError } from "../../errors.js";
import { openDomains, withAbsoluteRoots } from "../../experiment/build.js";
import { findCoder } from "../../experiment/coder.js";
import { configuration } from "../../experiment/presets.js";
import { dispose } from "../../torch/index.js";
import { type Json, print } from "../terminal/print.js";

export interface StyleTrainOptions {
  readonly out: string;
  readonly encoder?: string;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

/** `cfcontra style train`: a coder for the two domains of a preset. */
export async function styleTrain(preset: string, options: StyleTrainOptions): Promise<void> {
  const { out, encoder, json, set, data } = options;
  if (existsSync(out)) throw new UserError(`${out} exists already; --out names another file`);
  const config = withAbsoluteRoots(configuration({ preset, set }), data);
  const style = {
    ...config.style,
    method: "adain" as const,
    coder: encoder === undefined ? undefined : { encoder },
  };
  const domains = await openDomains({ ...config, evaluate: {} });
  const coder = await findCoder({ ...config, style }, domains, out);
  const { width } = coder;
  dispose(coder.parameters.all);
  print(
    `coder: ${out} (width ${width} of VGG-19)\nuse it with: --set style.method=adain --set style.coder=${out}`,
    () => ({ coder: out, width }),
    json,
  );
}
