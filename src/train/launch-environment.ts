import { UserError } from "../errors.js";
import type { Place } from "../torch/index.js";

/** The place of a process among those that train together, and its number on its host. */
export interface LocalPlace extends Place {
  /** The rank on this host, which selects the GPU. */
  readonly localRank: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PORT = 29500;

/**
 * The place of this process, from RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT, which
 * torchrun, a PyTorchJob and `--processes` set, or from Slurm's variables; undefined if there is one
 * process.
 * @throws UserError naming a variable that is missing or invalid
 */
export function placeOf(env: Environment): LocalPlace | undefined {
  if (env.RANK !== undefined || env.WORLD_SIZE !== undefined) return torchPlace(env);
  if (env.SLURM_PROCID !== undefined && env.SLURM_NTASKS !== undefined) return slurmPlace(env);
  return undefined;
}

function torchPlace(env: Environment): LocalPlace | undefined {
  const size = whole(env, "WORLD_SIZE", 1);
  const rank = whole(env, "RANK", 0);
  if (rank >= size) {
    throw new UserError(
      "launch-environment",
      `RANK is ${rank}, but WORLD_SIZE is ${size}: expected 0 to ${size - 1}`,
    );
  }
  if (size === 1) return undefined;
  if (!env.MASTER_ADDR) {
    throw new UserError(
      "launch-environment",
      `WORLD_SIZE is ${size}, but MASTER_ADDR is missing: set it to the address of rank 0's host`,
    );
  }
  return {
    ...{ rank, size, host: env.MASTER_ADDR },
    port: whole(env, "MASTER_PORT", 1, PORT),
    localRank: whole(env, "LOCAL_RANK", 0, 0),
    // torchrun's own store, which survives a failed attempt.
    served: env.TORCHELASTIC_USE_AGENT_STORE === "True",
    attempt: env.TORCHELASTIC_RESTART_COUNT ?? "0",
  };
}

function slurmPlace(env: Environment): LocalPlace | undefined {
  const size = whole(env, "SLURM_NTASKS", 1);
  if (size === 1) return undefined;
  const nodes = env.SLURM_STEP_NODELIST ?? env.SLURM_JOB_NODELIST ?? env.SLURM_NODELIST;
  const host = env.MASTER_ADDR ?? (nodes && firstHost(nodes));
  if (!host) {
    throw new UserError(
      "launch-environment",
      `SLURM_NTASKS is ${size}, but MASTER_ADDR and SLURM_JOB_NODELIST are missing: set MASTER_ADDR to the ` +
        "address of rank 0's host",
    );
  }
  return {
    ...{ rank: whole(env, "SLURM_PROCID", 0), size, host },
    // Jobs that share a host need different ports.
    port: whole(env, "MASTER_PORT", 1, PORT + (Number(env.SLURM_JOB_ID ?? 0) % 1000)),
    localRank: whole(env, "SLURM_LOCALID", 0, 0),
  };
}

/** The first of Slurm's hosts: "gpu[003-007,9],cpu1" -> "gpu003". */
export function firstHost(list: string): string {
  const [, prefix = "", first = "", suffix = ""] =
    /^([^,[]+)(?:\[(\d+)[^\]]*\]([^,]*))?/.exec(list) ?? [];
  return prefix + first + suffix;
}

function whole(env: Environment, name: string, least: number, otherwise?: number): number {
  const text = env[name];
  if (text === undefined && otherwise !== undefined) return otherwise;
  const value = Number(text);
  if (text !== undefined && Number.isInteger(value) && value >= least) return value;
  const found = text === undefined ? "is missing" : `is ${JSON.stringify(text)}`;
  throw new UserError(
    "launch-environment",
    `${name} ${found}: to train in several processes, set RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR ` +
      "and MASTER_PORT as torchrun does; to train in one, unset them",
  );
}
