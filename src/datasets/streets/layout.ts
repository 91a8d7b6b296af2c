import type { Domain } from "./domain.js";
import type { Random } from "./random.js";

/** A cross street: open on both sides between two depths, in metres. */
export interface Junction {
  readonly near: number;
  readonly far: number;
}

/** One side of the street; distances from the centre line, in metres. */
export interface Side {
  /** -1 left, 1 right. */
  readonly sign: -1 | 1;
  /** Strip of grass between kerb and pavement; 0: none. */
  readonly verge: number;
  readonly sidewalk: number;
  /** Distance at which the lots begin. */
  readonly front: number;
  /** Share of lots that are open (gardens, parks), and of parked cars. */
  readonly green: number;
  readonly parked: number;
}

/** The plan of a street. */
export interface Layout {
  readonly roadHalf: number;
  /** Width of the parking strip at each edge of the road; 0: none. */
  readonly parking: number;
  readonly sides: readonly [Side, Side];
  readonly junction: Junction | undefined;
  /** Depth at which the street ends against buildings or trees. */
  readonly end: number;
  /** Usual number of storeys of the buildings. */
  readonly storeys: number;
  /** Factor on the number of moving vehicles and of people. */
  readonly traffic: number;
  readonly crowd: number;
}

/** Height of pavements and lots above the road, in metres. */
export const KERB = 0.14;

/** Draws a plan at random: wide and tidy in the source; narrow, green and full of parked cars in the target. */
export function sampleLayout(domain: Domain, random: Random): Layout {
  const game = domain === "source";
  const parking = random.chance(game ? 0.45 : 0.8) ? 2.2 : 0;
  const roadHalf = parking + (game ? random.range(4.4, 7.8) : random.range(3.2, 5));
  const side = (sign: -1 | 1): Side => {
    const verge = random.chance(game ? 0.4 : 0.45) ? random.range(1, 3) : 0;
    const sidewalk = game ? random.range(2.2, 4.5) : random.range(1.8, 3.6);
    const setback = random.chance(0.35) ? random.range(1, 4) : 0;
    return {
      sign,
      verge,
      sidewalk,
      front: roadHalf + verge + sidewalk + setback,
      green: random.chance(0.3) ? random.range(0.6, 1) : random.range(0.1, game ? 0.35 : 0.45),
      parked: parking > 0 ? random.range(0.15, game ? 0.5 : 0.85) : 0,
    };
  };
  const junctionNear = random.range(14, 42);
  return {
    roadHalf,
    parking,
    sides: [side(-1), side(1)],
    junction: random.chance(0.55)
      ? { near: junctionNear, far: junctionNear + random.range(8, 14) }
      : undefined,
    end: random.chance(0.4) ? random.range(65, 110) : 250,
    storeys: game ? random.range(2, 7) : random.range(2, 5),
    traffic: random.range(0.4, 1.3),
    crowd: game ? random.range(0.3, 1.2) : random.range(0.5, 1.7),
  };
}
