// The messages between the page and its worker.
import type { ModelInfo } from "../../src/export/model-info.js";
import type { Pixels } from "../../src/export/pixels.js";
import type { Segmentation } from "../../src/export/segmenter.js";

/** The content of playground.json. */
export interface Contents {
  /** One network, or two to compare. */
  readonly models: readonly { readonly name: string; readonly file: string }[];
  readonly samples: readonly string[];
}

export type Request =
  | { readonly kind: "open"; readonly files: readonly string[]; readonly runtime: string }
  | { readonly kind: "segment"; readonly frame: Pixels };

export type Reply =
  | { readonly kind: "opened"; readonly infos: readonly ModelInfo[]; readonly engine: string }
  | {
      readonly kind: "segmented";
      readonly results: readonly Segmentation[];
      readonly milliseconds: number;
    }
  | { readonly kind: "failed"; readonly message: string };
