/** Threads for work on pixels that would block the thread of the training. */
export interface Workers {
  /**
   * The result of a task of worker.ts for an input that can be cloned; undefined if it failed. The caller
   * then repeats the work itself, for the same result or for its error.
   */
  run(task: string, input: object): Promise<unknown>;
  /** Ends the threads; pending tasks reject. */
  close(): Promise<void>;
}

/** Label value that losses and metrics ignore. */
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

/** What the values in label files stand for. */
export type LabelCoding = "cityscapes ids" | "train ids" | "synthia ids" | "class numbers";

/** A label as stored in its file: ids, or colours as 0xrrggbb; row-major, [height * width]. */
export interface RawLabel extends Size {
  readonly values: Uint8Array | Uint16Array | Uint32Array;
  /** Bits of a channel in the file. */
  readonly depth: number;
  /** Whether the ids are indices of a palette, rather than grey levels. */
  readonly indexed: boolean;
}

/** Where the files of a data set are, to copy it in its own layout. */
export interface DatasetFiles {
  readonly root: string;
  of(index: number): { readonly image: string; readonly label?: string };
  /** Other files below the root that reading the set needs, such as a list. */
  readonly beside: readonly string[];
}

/** A finite, randomly accessible set of images, with or without labels. */
export interface Dataset {
  /** For messages and reports, e.g. "gta5 (/data/gta5)". */
  readonly name: string;
  readonly classes: ClassSet;
  readonly labelled: boolean;
  /** Names in a fixed order; the index into it is the sample's identity. */
  readonly names: readonly string[];
  /**
   * Decodes sample `index` and resizes it to `size`: image bicubic, label nearest neighbour.
   * @param workers read labels, if given
   */
  load(index: number, size?: Size, workers?: Workers): Promise<Sample>;
  /** The label files, for `data check`; only if their coding is known. */
  readonly labelFiles?: {
    readonly coding: LabelCoding;
    read(index: number): Promise<RawLabel>;
  };
  readonly files?: DatasetFiles;
}
