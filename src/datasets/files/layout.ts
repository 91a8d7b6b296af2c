/** A folder of images and the folder of their labels. */
export interface ImageFolder {
  readonly images: string;
  readonly labels?: string | undefined;
  /** What the names of its samples start with. */
  readonly prefix?: string;
}

/** Where the images of a data set and their labels are. */
export interface Layout {
  /** Folder of the data set and the option that list files are relative to. */
  readonly root: string;
  /** For messages: what `root` should contain. */
  readonly expected: string;
  readonly folders: readonly ImageFolder[];
  readonly imageSuffix?: string | undefined;
  readonly labelSuffix?: string | undefined;
  /** The part of a stem that an image and its label have in common; the whole stem by default. */
  readonly keyOf?: (stem: string) => string;
  /** Names of samples are names of files, without their folders, unless two folders share one. */
  readonly namedByFile?: boolean;
}

/** Which samples of a layout are wanted. */
export interface Selection {
  /** undefined: labelled if there is a label folder, or one is named. */
  readonly labelled?: boolean | undefined;
  /** The folder of labels, if the configuration names it: then it has to exist. */
  readonly labels?: string | undefined;
  readonly list?: string | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** Paths by sample name. */
export type Paths = ReadonlyMap<string, string>;
