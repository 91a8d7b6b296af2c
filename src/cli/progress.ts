/** A line that says where a long job stands: rewritten in a terminal, now and then elsewhere. */
export interface ProgressLine {
  update(done: number, total: number, detail?: string): void;
  /** Ends the line, so that what is printed next starts a new one. */
  end(): void;
}

/** Says nothing: for all processes but the first. */
export const noLine: ProgressLine = { update: () => {}, end: () => {} };

const PLAIN_INTERVAL = 15_000;
const LIVE_INTERVAL = 200;

/** Minutes and seconds, "4:05", with hours where there are any, "27:04:05". */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (part: number) => String(part).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  const [hours, rest] = [Math.floor(minutes / 60), two(whole % 60)];
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${rest}` : `${minutes}:${rest}`;
}

export function progressLine(
  label: string,
  stream: NodeJS.WriteStream = process.stderr,
): ProgressLine {
  const began = performance.now();
  let printed = stream.isTTY ? 0 : performance.now();
  let first: number | undefined;
  let open = false;
  return {
    update(done, total, detail = "") {
      first ??= done - 1; // a resumed job does not start at nothing
      const now = performance.now();
      const due = now - printed > (stream.isTTY ? LIVE_INTERVAL : PLAIN_INTERVAL);
      if (!due && !(done === total && stream.isTTY)) return;
      printed = now;
      const left = ((now - began) / 1000 / Math.max(1, done - first)) * (total - done);
      const line = `${label}  ${done}/${total}${detail && `  ${detail}`}  ${clock(left)} left`;
      if (stream.isTTY) {
        stream.write(`\r\x1b[2K${line.slice(0, (stream.columns ?? 80) - 1)}`);
        open = true;
      } else {
        stream.write(`${line}\n`);
      }
    },
    end() {
      if (open) stream.write("\r\x1b[2K");
      open = false;
    },
  };
}
