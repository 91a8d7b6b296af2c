import type { Camera } from "./camera.js";
import { CANVAS } from "./camera.js";
import type { Domain } from "./domain.js";
import type { Mark } from "./drawing.js";
import { drawGround } from "./ground.js";
import type { Layout } from "./layout.js";
import { sampleLayout } from "./layout.js";
import type { Look } from "./look.js";
import { sampleLook } from "./look.js";
import { drawLots } from "./lots.js";
import { drawObjects } from "./objects.js";
import type { Random } from "./random.js";
import { randomFrom } from "./random.js";
import { drawBackdrop, drawSky } from "./sky.js";

/** A street that can be rendered at any size, as an image or as a label map. */
export interface Scene {
  readonly look: Look;
  readonly camera: Camera;
  /** Back to front. */
  readonly marks: readonly Mark[];
  /** SVG gradient definitions that fills refer to. */
  readonly defs: readonly string[];
  /** Seed of texture and sensor. */
  readonly noiseKey: readonly number[];
}

const DOMAIN_KEY: Readonly<Record<Domain, number>> = { source: 101, target: 202 };

/** The scene of (domain, seed, index): the same three give the same scene. */
export function makeScene(domain: Domain, seed: number, index: number): Scene {
  const key = [DOMAIN_KEY[domain], seed, index];
  const random = randomFrom(...key);
  const look = sampleLook(domain, random);
  const layout = sampleLayout(domain, random);
  const camera = sampleCamera(domain, random, layout);
  const sketch = { camera, look, random, defs: [] as string[], shadows: new Map<number, string>() };
  const ground: Mark[] = [];
  const standing: Mark[] = [];
  drawSky(sketch, ground);
  drawBackdrop(sketch, ground);
  drawGround(sketch, layout, ground);
  drawLots(sketch, layout, standing);
  drawObjects(sketch, layout, standing);
  const shadows = [...sketch.shadows].map(
    ([opacity, path]): Mark => ({ path, fill: "rgb(18,20,30)", opacity }),
  );
  const marks = [...ground, ...shadows, ...standing];
  return { look, camera, marks, defs: sketch.defs, noiseKey: key };
}

/** The source's camera is above the traffic, with a wide lens; the target's is behind a windscreen. */
function sampleCamera(domain: Domain, random: Random, layout: Layout): Camera {
  const game = domain === "source";
  const degrees = game ? random.range(66, 82) : random.range(56, 70);
  const drive = layout.roadHalf - layout.parking;
  const lane = drive > 5.6 ? random.pick([0.25, 0.75]) : 0.5;
  const bent = random.chance(0.5);
  const { width, height } = CANVAS;
  return {
    focal: width / (2 * Math.tan((degrees * Math.PI) / 360)),
    center: width * random.range(0.4, 0.6),
    horizon: height * (game ? random.range(0.36, 0.46) : random.range(0.4, 0.5)),
    x: drive * lane + random.range(-0.4, 0.4),
    height: game ? random.range(1.7, 2.5) : random.range(1.3, 1.7),
    curve: bent ? random.range(-0.0014, 0.0014) : random.range(-0.0002, 0.0002),
    slope: random.range(-0.00025, 0.0004),
  };
}
