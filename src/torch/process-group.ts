import { UserError } from "../errors.js";
import { noGrad } from "./autograd.js";
import { elementSize } from "./dtype.js";
import { native, type Work } from "./native.js";
import { copyInto, multiplyAll } from "./ops.js";
import { ANSWER_MS, type Meeting, meet, type Place, ranks } from "./rendezvous.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

export type { Place } from "./rendezvous.js";

/**
 * The processes that train together. Operations are collective: every rank calls the same operations, in
 * the same order, with tensors of the same shapes, and all ranks get the same bits. They change tensors in
 * place and do not record gradients.
 */
export interface ProcessGroup {
  readonly rank: number;
  readonly size: number;
  /** Sums every tensor over the ranks. @throws UserError with the rank that did not take part */
  sum(tensors: readonly Tensor[]): void;
  /** Sums, and divides by the number of ranks. */
  average(tensors: readonly Tensor[]): void;
  /** Copies every tensor from rank 0 to the others. */
  broadcast(tensors: readonly Tensor[]): void;
  /** Returns after every rank has called it. */
  barrier(): void;
  /**
   * Averages the gradients of parameters over the ranks in every step. The parameters require a gradient,
   * are on one device, and have a gradient on all ranks or on none.
   */
  exchange(parameters: readonly Tensor[]): GradientExchange;
}

/** Sends gradients while back-propagation is running. */
export interface GradientExchange {
  /** Runs the last back-propagation of a step, exactly once per step, and sends gradients as they become final. */
  lastBackward(loss: Tensor): void;
  /** Replaces every gradient by the mean over the ranks: waits for sent gradients, or sends all. */
  average(): void;
}

const nothing = () => {};

/** The group of a process that trains alone. */
export const alone: ProcessGroup = {
  rank: 0,
  size: 1,
  sum: nothing,
  average: nothing,
  broadcast: nothing,
  barrier: nothing,
  exchange: () => ({ lastBackward: (loss) => loss.backward(), average: nothing }),
};

/** Bytes of tensors in one message: large relative to its overhead, small relative to memory. */
const BUCKET_BYTES = 25 << 20;

/**
 * Joins the group that `place` describes: c10d over TCP (Gloo, and NCCL between GPUs if compiled in).
 * @param timeout seconds that a rank waits for the others, here and in every operation
 * @throws UserError with the ranks that did not join
 */
export async function joinProcessGroup(place: Place, timeout: number): Promise<ProcessGroup> {
  const { rank, size } = place;
  if (size === 1) return alone;
  const meeting = await meet(place, timeout * 1000);
  let count = 0;

  function attempt(body: () => void): void {
    try {
      body();
    } catch (error) {
      throw new UserError(
        "rank-unreachable",
        explain(meeting, { rank, size, count, timeout }, error as Error),
      );
    }
  }
  function begin(): void {
    count++;
    native.storePut(meeting.store, meeting.key(`at/${rank}`), String(count));
  }
  function collective(start: () => Work[]): void {
    attempt(() => {
      begin();
      for (const work of start()) native.wait(work);
    });
  }
  const handles = (tensors: readonly Tensor[]) => tensors.map(({ handle }) => handle);
  function sum(tensors: readonly Tensor[]): void {
    whereServed(tensors, (local) =>
      collective(() => buckets(local).map((part) => native.sum(meeting.group, handles(part)))),
    );
  }
  function divide(tensors: readonly Tensor[]): void {
    if (tensors.length > 0) noGrad(() => multiplyAll(tensors, 1 / size));
  }
  function exchange(parameters: readonly Tensor[]): GradientExchange {
    const inOrder = [...parameters].reverse(); // about the order of their gradients
    const served = parameters.every(({ handle }) => native.serves(handle));
    const early = served && native.exchange(meeting.group, buckets(inOrder).map(handles));
    let sent = false;
    function send(): void {
      if (!early || sent) return;
      begin(); // after back-propagation: a rank that hangs in it is one operation behind
      native.exchangeSendRest(early);
      sent = true;
    }
    return {
      lastBackward(loss) {
        if (early) native.exchangeExpect(early, loss.handle);
        loss.backward();
        attempt(send);
      },
      average() {
        scope(() => {
          const gradients = inOrder.flatMap(({ grad }) => grad ?? []);
          attempt(send);
          if (early) attempt(() => native.exchangeWait(early));
          else sum(gradients);
          sent = false;
          divide(gradients);
        });
      },
    };
  }
  return {
    rank,
    size,
    sum,
    average(tensors) {
      sum(tensors);
      divide(tensors);
    },
    exchange,
    broadcast(tensors) {
      whereServed(tensors, (local) =>
        collective(() => handles(local).map((one) => native.broadcast(meeting.group, one, 0))),
      );
    },
    barrier: () => collective(() => [native.barrier(meeting.group)]),
  };
}

/** Runs `body` with tensors on a device that the group supports: the CPU for Gloo, GPUs for NCCL. */
function whereServed(tensors: readonly Tensor[], body: (local: readonly Tensor[]) => void): void {
  noGrad(() =>
    scope(() => {
      const served = tensors.map((tensor) => native.serves(tensor.handle));
      const local = tensors.map((tensor, i) =>
        served[i] ? tensor.detach() : tensor.to({ device: "cpu" }),
      );
      body(local);
      for (const [i, tensor] of tensors.entries()) {
        if (!served[i]) copyInto(tensor, local[i] as Tensor);
      }
    }),
  );
}

/** Groups consecutive tensors of one type on one device, each group of at most about BUCKET_BYTES. */
function buckets(tensors: readonly Tensor[]): Tensor[][] {
  const all: Tensor[][] = [];
  let bytes = 0;
  for (const tensor of tensors) {
    const last = all.at(-1);
    const first = last?.[0];
    const size = tensor.count * elementSize(tensor.dtype);
    bytes += size;
    const alike = first?.dtype === tensor.dtype && first.device === tensor.device;
    if (last && alike && bytes <= BUCKET_BYTES) last.push(tensor);
    else {
      all.push([tensor]);
      bytes = size;
    }
  }
  return all;
}

const REPORT_MS = 3000;

interface Failed {
  readonly rank: number;
  readonly size: number;
  /** Operations that this rank has begun. */
  readonly count: number;
  readonly timeout: number;
}

/**
 * The message for a failed operation. Every rank writes to the store how many operations it has begun, and
 * whether one failed: the cause is a rank that is behind, or else one that does not report.
 */
function explain({ store, key }: Meeting, failed: Failed, error: Error): string {
  const { rank, size, count, timeout } = failed;
  const late = /time[d ]*out/i.test(error.message);
  const rest = "the last checkpoint is intact";
  const others = Array.from({ length: size }, (_, r) => r).filter((r) => r !== rank);
  let culprits: number[];
  try {
    native.storePut(store, key(`failed/${rank}`), "");
    const silent = stillWaitingFor(others, (r) =>
      native.storeHas(store, key(`failed/${r}`), ANSWER_MS),
    );
    const behind = silent.filter((r) => Number(native.storeGet(store, key(`at/${r}`))) < count);
    culprits = behind.length > 0 ? behind : silent;
    native.storePut(store, key(`told/${rank}`), "");
    // The store ends with rank 0, so rank 0 waits for the others.
    const alive = rank === 0 ? others.filter((r) => !silent.includes(r)) : [];
    stillWaitingFor(alive, (r) => native.storeHas(store, key(`told/${r}`), ANSWER_MS));
  } catch {
    // The store's server has ended, or does not answer.
    return `rank ${rank} lost rank 0: see its output; ${rest}`;
  }
  const who = culprits.length > 0 ? ranks(culprits) : "the others";
  const what = late ? `waited ${timeout} s for ${who}` : `lost ${who}`;
  return `rank ${rank} ${what} (${plain(error)}); ${rest}`;
}

/** The `ranks` for which `has` does not become true within REPORT_MS. */
function stillWaitingFor(ranks: readonly number[], has: (rank: number) => boolean): number[] {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + REPORT_MS;
  let left = ranks.filter((rank) => !has(rank));
  while (left.length > 0 && performance.now() < deadline) {
    Atomics.wait(pause, 0, 0, 100);
    left = left.filter((rank) => !has(rank));
  }
  return left;
}

/** Gloo's message without its source location, and without the advice of newer versions. */
const plain = ({ message }: Error): string =>
  message.replace(/^\[[^\]]*\] /, "").replace(/\. This is typically .*/, "");
