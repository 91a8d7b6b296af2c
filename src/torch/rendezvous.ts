import { once } from "node:events";
import { isIP, type Socket, connect as tcp } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors.js";
import { type Group, native, type Store } from "./native.js";
import { libtorchVersion } from "./runtime.js";

/** The rank of a process among those that train together, and where they meet. */
export interface Place {
  readonly rank: number;
  readonly size: number;
  /** Where the processes meet. */
  readonly host: string;
  readonly port: number;
  /** Whether another process (torchrun's agent) already serves the store there. Otherwise rank 0 does. */
  readonly served?: boolean;
  /** Distinguishes attempts that use the same server. */
  readonly attempt?: string;
}

/** The store where the processes have met, and the Gloo group that connects them. */
export interface Meeting {
  readonly store: Store;
  readonly group: Group;
  /** A key of this attempt. */
  readonly key: (name: string) => string;
}

const POLL_MS = 100;
/** The time that the store's server has to answer, in addition to the wait that a request asks for. */
export const ANSWER_MS = 10_000;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * Connects to the other processes: rank 0 serves a TCPStore, every rank writes the local address of its
 * connection to it, and Gloo connects all ranks with each other.
 * @throws UserError with the ranks that did not join within `timeout` milliseconds
 */
export async function meet(place: Place, timeout: number): Promise<Meeting> {
  const { rank, size, host, port, served = false, attempt = "0" } = place;
  const deadline = performance.now() + timeout;
  const key = (name: string) => `cfcontra/${attempt}/${name}`;
  let store = rank === 0 && !served ? openStore(host, port, true, timeout) : undefined;
  const { local, remote } = await findWay(place, deadline);
  store ??= openStore(remote, port, false, timeout);
  const addresses = await everyAddress(store, key, place, chosenInterface() ?? local, timeout);
  requireReachable(addresses);
  try {
    const own = addresses[rank] as string;
    const group = native.connect(store, key("gloo"), rank, size, own, timeout);
    return { store, group, key };
  } catch (error) {
    throw new UserError(
      "rank-unreachable",
      `rank ${rank} (${addresses[rank]}) cannot connect to the others (${addresses.join(", ")}): ` +
        `${(error as Error).message}; set GLOO_SOCKET_IFNAME to the network interface to use`,
    );
  }
}

/** Writes `own` address to the store, and waits for the other ranks' addresses. */
async function everyAddress(
  store: Store,
  key: Meeting["key"],
  { rank, size, host, port, served }: Place,
  own: string,
  timeout: number,
): Promise<string[]> {
  const all = Array.from({ length: size }, (_, r) => r);
  const deadline = performance.now() + timeout;
  let missing = all;
  try {
    native.storePut(store, key(`at/${rank}`), "0");
    native.storePut(store, key(`address/${rank}`), own);
    for (; ; await sleep(POLL_MS)) {
      missing = missing.filter((r) => !native.storeHas(store, key(`address/${r}`), ANSWER_MS));
      if (missing.length === 0) return all.map((r) => native.storeGet(store, key(`address/${r}`)));
      if (performance.now() > deadline) break;
    }
  } catch (error) {
    const { message } = error as Error;
    const problem = served
      ? `torchrun's store at ${host}:${port} does not answer (${message}): use the torchrun of the PyTorch ` +
        `with this libtorch (${libtorchVersion}), or start with --processes or Slurm`
      : `rank ${rank} lost rank 0 at ${host}:${port} while it waited for ${ranks(missing)} ` +
        `(${message}); see the output of rank 0`;
    throw new UserError("rank-unreachable", problem, { cause: error });
  }
  throw new UserError(
    "rank-unreachable",
    `rank ${rank} waited ${timeout / 1000} s at ${host}:${port} for ${ranks(missing)} of ${size}: ` +
      `start all ${size} within that time, with the same MASTER_ADDR and MASTER_PORT`,
  );
}

/** "rank 1" or "ranks 1, 2". */
export const ranks = (list: readonly number[]): string =>
  `${list.length === 1 ? "rank" : "ranks"} ${list.join(", ")}`;

function openStore(host: string, port: number, serve: boolean, timeout: number): Store {
  if (native.openStore === undefined) {
    throw new UserError(
      "not-supported",
      `this libtorch (${libtorchVersion}) does not have c10d with Gloo, which several processes need: ` +
        "install one that does (Debian's libtorch-dev, `pip install torch`) and run `npx cfcontra setup`, " +
        "or train in one process",
    );
  }
  try {
    return native.openStore(host, port, serve, timeout);
  } catch (error) {
    const { message } = error as Error;
    const problem = serve
      ? `rank 0 cannot listen at ${host}:${port} (${message}): set MASTER_ADDR to its own address, and MASTER_PORT to a free port`
      : `no TCPStore answers at ${host}:${port} (${message}): check MASTER_ADDR and MASTER_PORT`;
    throw new UserError("rank-unreachable", problem, { cause: error });
  }
}

/** Connects to the server to find the local and the remote address of the connection. */
async function findWay(
  { rank, host, port }: Place,
  deadline: number,
): Promise<{ local: string; remote: string }> {
  for (let problem = ""; ; await sleep(POLL_MS)) {
    if (performance.now() > deadline) {
      throw new UserError(
        "rank-unreachable",
        `rank ${rank} cannot reach rank 0 at ${host}:${port} (${problem}): check that it is running, and ` +
          "that MASTER_ADDR and MASTER_PORT are its address",
      );
    }
    let socket: Socket | undefined;
    try {
      socket = tcp({ host, port, timeout: 2000 });
      socket.once("timeout", () => socket?.destroy(new Error("no answer")));
      await once(socket, "connect");
      return { local: socket.localAddress as string, remote: socket.remoteAddress as string };
    } catch (error) {
      problem = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    } finally {
      socket?.destroy();
    }
  }
}

/** The address of the interface in GLOO_SOCKET_IFNAME, as in PyTorch. */
function chosenInterface(): string | undefined {
  const name = process.env.GLOO_SOCKET_IFNAME;
  if (!name) return undefined;
  const interfaces = networkInterfaces();
  const [first] = interfaces[name] ?? [];
  if (first && isIP(first.address)) return first.address;
  throw new UserError(
    "launch-environment",
    `GLOO_SOCKET_IFNAME is ${name}, but the network interfaces are ${Object.keys(interfaces).join(", ")}`,
  );
}

/** Throws if some ranks have a loopback address, which other hosts cannot reach, and others do not. */
function requireReachable(addresses: readonly string[]): void {
  const local = addresses.flatMap((address, rank) => (LOOPBACK.test(address) ? [rank] : []));
  if (local.length === 0 || local.length === addresses.length) return;
  throw new UserError(
    "launch-environment",
    `${ranks(local)} would listen at ${addresses[local[0] as number]}, which other hosts cannot reach: ` +
      "set MASTER_ADDR to rank 0's address in the network, or GLOO_SOCKET_IFNAME to the interface",
  );
}
