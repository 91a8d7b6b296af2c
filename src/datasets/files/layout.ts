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
  /** Samples are named by file, without folders, unless two files in different folders share a name. */
  readonly namedByFile?: boolean;
}

/** Which samples of a layout to use. */
export interface Selection {
  /** undefined: labelled if a label folder exists. */
  readonly labelled?: boolean | undefined;
  readonly list?: string | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** Paths by sample name. */
export type Paths = ReadonlyMap<string, string>;
