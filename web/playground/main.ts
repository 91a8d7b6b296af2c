import type { Segmentation } from "../../src/export/segmenter.js";
import { disagreement, shareOf } from "./disagreement.js";
import { type Engine, startEngine } from "./engine.js";
import { createLegend } from "./legend.js";
import { createPanel, type Look, type View } from "./panel.js";
import type { Contents } from "./protocol.js";
import { seekBar } from "./seek-bar.js";
import { frameOf, openCamera, openFile, type Source } from "./source.js";

const element = <T extends HTMLElement = HTMLElement>(id: string) =>
  document.getElementById(id) as T;
const status = element("status");
const [stage, samples, drop] = [element("stage"), element("samples"), element("drop")];
const [camera, pause, save] = ["camera", "pause", "save"].map((id) =>
  element<HTMLButtonElement>(id),
) as [HTMLButtonElement, HTMLButtonElement, HTMLButtonElement];
const file = element<HTMLInputElement>("file");
const opacity = element<HTMLInputElement>("opacity");
const controls = element<HTMLFormElement>("controls");

const say = (sentence: string, wrong = false) => {
  status.textContent = sentence;
  status.classList.toggle("wrong", wrong);
};

async function main(): Promise<void> {
  const response = await fetch("./playground.json").catch(() => undefined);
  if (!response?.ok) {
    throw new Error(`playground.json cannot be loaded (${response?.status ?? "no answer"})`);
  }
  const contents = (await response.json()) as Contents;
  const engine = await startEngine(
    contents.models.map(({ file }) => new URL(file, document.baseURI).href),
  );
  const names = contents.models.map(({ name }) => name);
  const panels = engine.infos.map((info, i) => createPanel(names[i] as string, info));
  stage.replaceChildren(...panels.map((panel) => panel.element));
  stage.dataset.panels = String(panels.length);

  const seek = seekBar(element("seek-row"));
  for (const one of document.querySelectorAll<HTMLElement>(".for-two")) {
    one.hidden = panels.length < 2;
  }
  let source: Source | undefined;
  let results: readonly Segmentation[] = [];
  let look: Look = { view: "classes", opacity: 0.6, only: undefined };
  const [first] = engine.infos as [Engine["infos"][0]];
  const most = (side: "width" | "height") =>
    Math.max(...engine.infos.map(({ size }) => size[side]));
  const largest = { width: most("width"), height: most("height") }; // of the networks' inputs
  const legend = createLegend(
    document.querySelector("#legend table") as HTMLTableElement,
    first,
    names,
    (only) => relook({ only }),
  );

  function draw(): void {
    if (source === undefined) return;
    const differs = differences(results);
    for (const [i, panel] of panels.entries()) panel.draw(source, results[i], look, differs[i]);
    if (!differs[0]) return;
    const share = (100 * shareOf(differs[0])).toFixed(1);
    const pale = look.view === "disagreement" ? " The others are pale." : "";
    element("differ").textContent = `The networks disagree on ${share} % of the pixels.${pale}`;
  }
  function relook(change: Partial<Look>): void {
    look = { ...look, ...change };
    element("scale").hidden = look.view !== "entropy";
    draw();
  }

  /** Segments the frames of a source, as long as it is shown. */
  async function follow(from: Source, isLatest: () => boolean): Promise<void> {
    let every = 0; // milliseconds from frame to frame, smoothed
    let moved = false; // a paused video shows another frame
    from.video?.addEventListener("seeked", () => {
      moved = true;
    });
    while (source === from) {
      const began = performance.now();
      const { results: found, milliseconds } = await engine.segment(frameOf(from, largest));
      if (source !== from) return;
      results = found;
      draw();
      legend.update(results);
      if (isLatest()) save.disabled = false;
      if (!from.video) {
        if (!isLatest()) return;
        return say(
          `${from.width} x ${from.height} in ${milliseconds.toFixed(0)} ms. ${engine.engine}.`,
        );
      }
      await new Promise(requestAnimationFrame);
      every = every * 0.8 + (performance.now() - began) * (every ? 0.2 : 1);
      if (isLatest()) say(`${(1000 / every).toFixed(1)} frames per second. ${engine.engine}.`);
      while (source === from && from.video.paused && !moved) {
        await new Promise(requestAnimationFrame);
      }
      moved = false;
    }
  }

  let asked = 0; // the last request is shown, whatever order they open in
  async function show(opening: Promise<Source>): Promise<void> {
    const mine = ++asked;
    const isLatest = () => mine === asked;
    save.disabled = true; // the labels on the screen are not those of the image that was asked for
    say("Opening ...");
    try {
      const next = await opening;
      if (!isLatest()) return next.close();
      source?.close();
      source = next;
      results = [];
      camera.setAttribute("aria-pressed", "false");
      pause.hidden = !next.video;
      seek.follow(next.video);
      pause.textContent = "Pause";
      say("Segmenting ...");
      await follow(next, isLatest);
    } catch (error) {
      if (!isLatest()) return;
      save.disabled = results.length === 0;
      say(`${(error as Error).message}.`, true);
    }
  }

  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", ({ target }) => {
    const { name, value } = target as HTMLInputElement;
    if (name === "view") relook({ view: value as View });
  });
  opacity.addEventListener("input", () => {
    element("opacity-value").textContent = `${opacity.value} %`;
    relook({ opacity: Number(opacity.value) / 100 });
  });
  file.addEventListener("change", () => {
    if (file.files?.[0]) show(openFile(file.files[0]));
    file.value = "";
  });
  camera.addEventListener("click", async () => {
    if (camera.getAttribute("aria-pressed") === "true") {
      source?.video?.pause();
      source?.close();
      camera.setAttribute("aria-pressed", "false");
      pause.hidden = true;
      seek.follow(undefined);
      return;
    }
    const opening = openCamera();
    show(opening);
    await opening.then(() => camera.setAttribute("aria-pressed", "true")).catch(() => {});
  });
  pause.addEventListener("click", () => {
    const video = source?.video;
    if (!video) return;
    if (video.paused) video.play();
    else video.pause();
    pause.textContent = video.paused ? "Play" : "Pause";
  });
  save.addEventListener("click", async () => {
    for (const [i, result] of results.entries()) {
      const name = contents.models[i]?.name.toLowerCase().replace(/\W+/g, "-");
      download(await labelFile(result), `labels-${name}.png`);
    }
  });
  acceptDrops((dropped) => show(openFile(dropped)));

  samples.hidden = contents.samples.length === 0;
  for (const [i, address] of contents.samples.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    const image = document.createElement("img");
    image.src = address;
    image.alt = `Sample ${i + 1}`;
    button.append(image);
    const open = () => show(openSample(address));
    button.addEventListener("click", open);
    samples.append(button);
    if (i === 0) open();
  }
  if (contents.samples.length === 0) say(`Ready. Open or drop a photo. ${engine.engine}.`);
}

/** Where each of two networks differs from the other; none of one network. */
function differences(results: readonly Segmentation[]): Uint8Array[] {
  const [one, two] = results;
  return one && two ? [disagreement(one, two), disagreement(two, one)] : [];
}

/** @throws Error if the server does not answer, or the image cannot be read */
async function openSample(address: string): Promise<Source> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok) {
    throw new Error(`${address} cannot be loaded (${response?.status ?? "no answer"})`);
  }
  return openFile(await response.blob());
}

/** Labels as a grey picture whose values are train ids. */
function labelFile({ labels, width, height }: Segmentation): Promise<Blob> {
  const pixels = new Uint8ClampedArray(labels.length * 4);
  for (const [i, label] of labels.entries()) pixels.set([label, label, label, 255], i * 4);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function acceptDrops(accept: (file: File) => void): void {
  let inside = 0; // every element on the way gets dragenter and dragleave
  const show = (change: number) => {
    inside = Math.max(0, inside + change);
    drop.hidden = inside === 0;
  };
  addEventListener("dragenter", () => show(1));
  addEventListener("dragleave", () => show(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    show(-inside);
    const dropped = event.dataTransfer?.files[0];
    if (dropped) accept(dropped);
  });
  addEventListener("paste", ({ clipboardData }) => {
    const pasted = clipboardData?.files[0];
    if (pasted) accept(pasted);
  });
}

main().catch((error: Error) => say(`${error.message}.`, true));
