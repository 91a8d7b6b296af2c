/** A bar that shows where a video is, and moves it. */
export interface SeekBar {
  /** Follows a video; hidden without one, and for a camera. */
  follow(video: HTMLVideoElement | undefined): void;
}

/** @param row the element to hide, with the bar and an `output` in it */
export function seekBar(row: HTMLElement): SeekBar {
  const bar = row.querySelector("input") as HTMLInputElement;
  const time = row.querySelector("output") as HTMLOutputElement;
  let video: HTMLVideoElement | undefined;

  function show(): void {
    const { duration = Number.NaN, currentTime = 0 } = video ?? {};
    row.hidden = !Number.isFinite(duration);
    if (row.hidden) return;
    bar.max = String(duration);
    bar.value = String(currentTime);
    time.textContent = `${clock(currentTime)} of ${clock(duration)}`;
    bar.setAttribute("aria-valuetext", time.textContent);
  }
  bar.addEventListener("input", () => {
    if (video) video.currentTime = Number(bar.value);
  });
  const events = ["timeupdate", "durationchange", "seeked"] as const;
  return {
    follow(next) {
      for (const event of events) {
        video?.removeEventListener(event, show);
        next?.addEventListener(event, show);
      }
      video = next;
      show();
    },
  };
}

/** Seconds as "1:05". */
const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
