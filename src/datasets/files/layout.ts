import type { RawLabel, Size } from "../dataset.js";

/** The label of one image, as an annotation file of a labelling tool describes it. */
export interface Annotation {
  /** The file, for messages. */
  readonly path: string;
  /** Size of the image that was annotated, if the file states it. */
  readonly size?: Size | undefined;
  /** Whether nothing is annotated in the image. */
  readonly empty?: boolean | undefined;
  /** Draws the label; `size` is that of the image after its EXIF orientation is applied. */
  draw(size: Size): RawLabel | Promise<RawLabel>;
}

/** A folder of images and the folder of their labels. */
export interface ImageFolder {
  readonly images: string;
  readonly labels?: string | undefined;
  /** Prefix of the names of its samples. */
  readonly prefix?: string;
}

/** Where the images of a data set and their labels are. */
export interface Layout {
  /** Folder of the data set, and of its list files. */
  readonly root: string;
  /** For messages: what `root` should contain. */
  readonly expected: string;
  readonly folders: readonly ImageFolder[];
  readonly imageSuffix?: string | undefined;
  readonly labelSuffix?: string | undefined;
  /** The part of a stem that an image shares with its label; the whole stem by default. */
  readonly keyOf?: (stem: string) => string;
  /**
   * Labels that are not PNGs of the same names as the images: returns the annotations by sample name, given
   * the images. `listed`: annotations of other images are allowed.
   */
  readonly annotations?: (images: Paths, listed: boolean) => ReadonlyMap<string, Annotation>;
  /** Samples are named by file, without folders, unless two files in different folders share a name. */
  readonly namedByFile?: boolean;
}

/** Which samples of a layout to use. */
export interface Selection {
  /** undefined: labelled if a label folder exists; "some": only the images that have a label. */
  readonly labelled?: boolean | "some" | undefined;
  readonly list?: string | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** Paths by sample name. */
export type Paths = ReadonlyMap<string, string>;
