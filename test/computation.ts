/** Milliseconds of computation since `begun`, a value of `process.cpuUsage()`: the same on a busy machine. */
export function computedSince(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}
