/** A figure from a paper: mIoU in percent on Cityscapes val, DeepLab-v2 with ResNet-101. */
export interface PublishedFigure {
  readonly method: string;
  /** As printed. A range if papers differ. */
  readonly miou: string;
  /** SYNTHIA: over 13 classes. */
  readonly miou13?: string;
}

/** The figures that papers report, by source data set; the target is Cityscapes. */
export const published = {
  gta5: [
    { method: "source only", miou: "36.6-37.3" },
    { method: "AdaptSegNet", miou: "42.4" },
    { method: "MinEnt", miou: "42.2-42.3" },
    { method: "AdvEnt", miou: "43.8" },
    { method: "MaxSquare", miou: "44.3" },
    { method: "MaxSquare + IW", miou: "45.2" },
    { method: "MaxSquare + IW + multi", miou: "46.4" },
    { method: "CFContra", miou: "MinEnt + 3.5" },
    { method: "DACS", miou: "52.1" },
    { method: "ProCA", miou: "55.1" },
    { method: "ProDA", miou: "57.5" },
    { method: "SePiCo", miou: "61.0" },
    { method: "HRDA", miou: "about 63" },
  ],
  synthia: [
    { method: "AdvEnt", miou: "40.8", miou13: "47.6" },
    { method: "DACS", miou: "48.3" },
    { method: "ProDA", miou: "55.5", miou13: "62.0" },
    { method: "SePiCo", miou: "58.1" },
  ],
} as const satisfies Record<string, readonly PublishedFigure[]>;

/** The figures for the domains of a run; none unless it adapts from GTA5 or SYNTHIA to Cityscapes. */
export function publishedBeside(source: string, target: string): readonly PublishedFigure[] {
  return target === "cityscapes" && source in published
    ? published[source as keyof typeof published]
    : [];
}
