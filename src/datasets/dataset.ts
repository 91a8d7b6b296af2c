/** Label value that no loss and no metric counts. */
export const IGNORE = 255;

/** Red, green, blue, 0..255. */
export type Color = readonly [number, number, number];

/** The classes of a task, in train-id order. */
export interface ClassSet {
  readonly names: readonly string[];
  readonly colors: readonly Color[];
}

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** One decoded sample at working resolution. */
export interface Sample extends Size {
  /** Stable name within the data set, e.g. "aachen_000000_000019" or "train/0016E5_00390". */
  readonly name: string;
  /** RGB, row-major, [height * width * 3]. */
  readonly image: Uint8Array;
  /** Train ids, row-major, [height * width]; IGNORE where unlabelled. Absent for unlabelled sets. */
  readonly label?: Uint8Array;
}

/** A finite, randomly accessible set of images, with or without labels. */
export interface Dataset {
  /** For messages and reports, e.g. "gta5 (/data/gta5)". */
  readonly name: string;
  readonly classes: ClassSet;
  readonly labelled: boolean;
  /** Names in a fixed order; the index into it is the sample's identity. */
  readonly names: readonly string[];
  /** Decodes sample `index`: image bicubic, label nearest, to `size` (own size when omitted). */
  load(index: number, size?: Size): Promise<Sample>;
}
