import type { Place } from "./box.js";
import type { Point } from "./camera.js";
import type { Mark, Sketch } from "./drawing.js";
import { drawFence, drawLamp, drawPost, drawSign, drawTrafficLight } from "./furniture.js";
import type { Layout, Side } from "./layout.js";
import { KERB } from "./layout.js";
import { drawBicycle, drawPerson, drawRider } from "./people.js";
import { drawBush, drawTree } from "./vegetation.js";
import { drawBus, drawCar, drawTruck, SIZES } from "./vehicles.js";

/** Something to draw, and the depth of its nearest part. */
interface Thing {
  readonly z: number;
  draw(out: Mark[]): void;
}

type Add = (z: number, draw: (out: Mark[]) => void) => void;

const DRAW = { car: drawCar, truck: drawTruck, bus: drawBus } as const;
type Vehicle = keyof typeof DRAW;

/** Plants, furniture, vehicles and people on the street, far to near. */
export function drawObjects(sketch: Sketch, layout: Layout, out: Mark[]): void {
  const things: Thing[] = [];
  const add: Add = (z, draw) => {
    things.push({ z, draw });
  };
  const room = occupancy();
  for (const side of layout.sides) {
    addFurniture(sketch, layout, side, add);
    addParked(sketch, layout, side, add, room);
    addWalkers(sketch, layout, side, add);
  }
  addTraffic(sketch, layout, add, room);
  addRiders(sketch, layout, add, room);
  addCrossing(sketch, layout, add, room);
  for (const thing of things.sort((a, b) => b.z - a.z)) thing.draw(out);
}

type Room = (x: number, z: number, width: number, length: number) => boolean;

/** Reserves a rectangle of road; false if it is occupied. */
function occupancy(): Room {
  const taken: (readonly [number, number, number, number])[] = [];
  return (x, z, width, length) => {
    const box = [x - width / 2, x + width / 2, z - length / 2, z + length / 2] as const;
    const clash = taken.some(
      (t) => box[0] < t[1] && box[1] > t[0] && box[2] < t[3] && box[3] > t[2],
    );
    if (!clash) taken.push(box);
    return !clash;
  };
}

function inJunction({ junction }: Layout, z: number, margin: number): boolean {
  return junction !== undefined && z > junction.near - margin && z < junction.far + margin;
}

function last(layout: Layout): number {
  return Math.min(layout.end - 10, 95);
}

function addFurniture(sketch: Sketch, layout: Layout, side: Side, add: Add): void {
  const { random, look } = sketch;
  const s = side.sign;
  const kerb = layout.roadHalf + 0.45;
  const at = (x: number, z: number): Point => [s * x, KERB, z];
  const post = (z: number, draw: (out: Mark[], foot: Point) => void, x = kerb) => {
    if (z > 2.6 && z < last(layout) && !inJunction(layout, z, 0.5)) {
      add(z, (out) => draw(out, at(x, z)));
    }
  };
  const lampStep = random.range(18, 30);
  for (let z = random.range(4, 20); z < 90; z += lampStep) {
    post(z, (out, foot) => drawLamp(sketch, out, foot, -s));
  }
  const treeStep = random.range(6, 13);
  const avenue = side.verge > 0 ? 0.75 : look.domain === "source" ? 0.15 : 0.3;
  if (random.chance(avenue)) {
    const x = side.verge > 0 ? layout.roadHalf + side.verge / 2 + 0.2 : kerb + 0.3;
    const height = random.range(5, 9.5);
    for (let z = random.range(5, 14); z < 85; z += treeStep * random.range(0.8, 1.2)) {
      const h = height * random.range(0.8, 1.2);
      post(z, (out, foot) => drawTree(sketch, out, foot, h), x);
    }
  }
  if (side.verge > 1.4 && random.chance(0.5)) {
    for (let z = random.range(4, 9); z < 50; z += random.range(3, 10)) {
      const w = random.range(0.8, 1.4);
      post(
        z,
        (out, foot) => drawBush(sketch, out, foot, w, w * 0.7),
        layout.roadHalf + side.verge / 2,
      );
    }
  }
  for (let i = random.int(0, 3); i > 0; i--) {
    const z = random.range(6, 32);
    post(z, (out, foot) => drawSign(sketch, out, foot), kerb + random.range(0, 0.4));
  }
  if (random.chance(0.2)) {
    for (let z = random.range(3, 6), n = random.int(3, 9); n > 0; z += 1.8, n--) {
      post(z, (out, foot) => drawPost(sketch, out, foot, 0.95), kerb - 0.15);
    }
  }
  if (random.chance(0.25)) {
    for (let z = random.range(8, 20); z < 80; z += random.range(20, 30)) {
      post(z, (out, foot) => drawPost(sketch, out, foot, random.range(6.5, 8.5)), kerb + 0.6);
    }
  }
  if (layout.junction && random.chance(0.85)) {
    const z = layout.junction.near - 0.7;
    post(z, (out, foot) => drawTrafficLight(sketch, out, foot, -s));
    const far = layout.junction.far + 0.8;
    if (random.chance(0.6)) post(far, (out, foot) => drawTrafficLight(sketch, out, foot, -s));
  } else if (random.chance(0.25)) {
    post(random.range(8, 28), (out, foot) => drawTrafficLight(sketch, out, foot, -s));
  }
  if (random.chance(0.2)) {
    const near = random.range(4, 16);
    const far = near + random.range(5, 12);
    if (!inJunction(layout, near, 1) && !inJunction(layout, far, 1)) {
      add(near, (out) => drawFence(sketch, out, s * (layout.roadHalf + 0.25), near, far, 1.05));
    }
  }
  if (random.chance(0.5)) {
    const start = random.range(4, 22);
    const x = random.chance(0.5) ? kerb + 0.4 : layout.roadHalf + side.verge + side.sidewalk - 0.3;
    for (let k = random.int(1, 5); k > 0; k--) {
      post(start + k * random.range(0.7, 1.1), (out, foot) => drawBicycle(sketch, out, foot), x);
    }
  }
}

function addParked(sketch: Sketch, layout: Layout, side: Side, add: Add, room: Room): void {
  const { random } = sketch;
  const x = side.sign * (layout.roadHalf - 1.05);
  for (let z = random.range(4.6, 9); z < last(layout); z += random.range(5.3, 6.4)) {
    if (!random.chance(side.parked) || inJunction(layout, z, 7)) continue;
    const kind: Vehicle = random.chance(0.06) ? "truck" : "car";
    const length = SIZES[kind][0];
    const middle = z + (kind === "truck" ? 2.5 : 0);
    if (!room(x, middle, 1.9, length + 0.4)) continue;
    const turned = random.chance(0.12) ? Math.PI : 0;
    const heading = (side.sign > 0 ? 0 : Math.PI) + turned + random.range(-0.025, 0.025);
    addVehicle(sketch, add, kind, { x, y: 0, z: middle, heading });
  }
}

function addVehicle(sketch: Sketch, add: Add, kind: Vehicle, where: Place): void {
  const [length, width] = SIZES[kind];
  const c = Math.abs(Math.cos(where.heading));
  const reach = (length / 2) * c + (width / 2) * Math.sqrt(1 - Math.min(1, c * c));
  add(where.z - reach, (out) => DRAW[kind](sketch, out, where));
}

function addTraffic(sketch: Sketch, layout: Layout, add: Add, room: Room): void {
  const { random, camera } = sketch;
  const drive = layout.roadHalf - layout.parking;
  const lanes = drive > 5.6 ? [0.25, 0.75] : [0.5];
  const kind = (): Vehicle => {
    const roll = random.next();
    return roll < 0.6 ? "car" : roll < 0.8 ? "truck" : "bus";
  };
  for (const direction of [1, -1]) {
    for (const lane of lanes) {
      const x = direction * drive * lane;
      const own = direction > 0 && Math.abs(x - camera.x) < 1.6;
      let z = own ? random.range(9, 30) : random.range(5, 26);
      while (z < last(layout)) {
        const type = kind();
        const [length, width] = SIZES[type];
        const middle = z + length / 2;
        if (random.chance(0.62 * layout.traffic) && room(x, middle, width + 0.2, length + 1)) {
          const heading = (direction > 0 ? 0 : Math.PI) + random.range(-0.03, 0.03);
          addVehicle(sketch, add, type, {
            x: x + random.range(-0.2, 0.2),
            y: 0,
            z: middle,
            heading,
          });
        }
        z += length + random.range(5, 24);
      }
    }
  }
}

function addRiders(sketch: Sketch, layout: Layout, add: Add, room: Room): void {
  const { random } = sketch;
  const drive = layout.roadHalf - layout.parking;
  for (let i = random.chance(0.75) ? random.int(1, 3) : 0; i > 0; i--) {
    const s = random.chance(0.65) ? 1 : -1;
    const z = random.range(5.5, 26);
    const x = s * (drive - random.range(0.5, 0.9));
    if (!room(x, z, 0.9, 2.2)) continue;
    const turn = random.range(0.12, 0.4) * (random.chance(0.5) ? 1 : -1);
    add(z, (out) => drawRider(sketch, out, [x, 0, z], turn));
  }
}

function addWalkers(sketch: Sketch, layout: Layout, side: Side, add: Add): void {
  const { random } = sketch;
  const inner = layout.roadHalf + side.verge + 0.5;
  const outer = layout.roadHalf + side.verge + side.sidewalk - 0.3;
  for (let i = Math.round(random.range(0, 7) * layout.crowd); i > 0; i--) {
    const x = side.sign * random.range(inner, Math.max(inner + 0.2, outer));
    const z = 4.5 + 40 * random.next() ** 1.4;
    if (inJunction(layout, z, 0)) continue;
    add(z, (out) => drawPerson(sketch, out, [x, KERB, z]));
    // Someone next to them.
    if (random.chance(0.3)) {
      const [px, pz] = [x + random.range(-0.7, 0.7), z + random.range(-0.3, 0.3)];
      const kept = side.sign * Math.max(layout.roadHalf + 0.3, side.sign * px);
      add(pz, (out) => drawPerson(sketch, out, [kept, KERB, pz]));
    }
  }
}

function addCrossing(sketch: Sketch, layout: Layout, add: Add, room: Room): void {
  const { random } = sketch;
  const { junction, roadHalf } = layout;
  if (!junction) {
    if (random.chance(0.2 * layout.crowd)) {
      const [x, z] = [random.range(-roadHalf, roadHalf), random.range(8, 24)];
      if (room(x, z, 0.8, 1)) add(z, (out) => drawPerson(sketch, out, [x, 0, z]));
    }
    return;
  }
  for (let i = random.int(0, 3); i > 0; i--) {
    const x = random.range(-roadHalf, roadHalf);
    const z = junction.near - random.range(2.2, 4.2);
    if (room(x, z, 0.7, 0.7)) add(z, (out) => drawPerson(sketch, out, [x, 0, z]));
  }
  const middle = (junction.near + junction.far) / 2;
  if (random.chance(0.4)) {
    const side = random.chance(0.5) ? 1 : -1;
    const kind: Vehicle = random.chance(0.6) ? "car" : random.chance(0.5) ? "bus" : "truck";
    const [length, width] = SIZES[kind];
    const [x, z] = [random.range(-14, 14), middle - side * 2];
    if (room(x, z, length + 1, width + 1)) {
      addVehicle(sketch, add, kind, { x, y: 0, z, heading: (side * Math.PI) / 2 });
    }
  }
  if (random.chance(0.25)) {
    const [x, z] = [random.range(-roadHalf, roadHalf), junction.near + random.range(0.5, 1.5)];
    const turn = random.range(0.8, 1) * (random.chance(0.5) ? 1 : -1);
    if (room(x, z, 2, 1)) add(z, (out) => drawRider(sketch, out, [x, 0, z], turn));
  }
}
