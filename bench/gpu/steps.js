// The steps of `npm run gpu`, in order. Each is a file in step/, and runs in its own process.

/**
 * @typedef {object} Step
 * @property {string} name also that of its file
 * @property {string} about what it checks
 * @property {number} limit seconds
 */

/** @type {readonly Step[]} */
export const STEPS = [
  { name: "build", about: "the addon is built with GPU memory and NCCL", limit: 150 },
  { name: "smoke", about: "devices, bytes, memory, errors", limit: 40 },
  { name: "equal", about: "CPU against GPU: methods, backbones, decoders", limit: 75 },
  { name: "graphs", about: "captured steps against steps operator by operator", limit: 60 },
  { name: "styles", about: "CPU against GPU: every style", limit: 75 },
  { name: "same", about: "the same bits twice, and after a resume", limit: 60 },
  { name: "cost", about: "what the same bits cost a step", limit: 60 },
  { name: "groups", about: "one process on NCCL, two that share the GPU", limit: 45 },
  { name: "race", about: "speed and memory against PyTorch", limit: 400 },
  { name: "data", about: "the loader at the size of GTA5's images", limit: 40 },
  { name: "streets", about: "a short training on the GPU and on the CPU", limit: 120 },
  { name: "golden", about: "recordings of the reference implementation", limit: 40 },
];
