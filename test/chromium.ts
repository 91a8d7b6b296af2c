import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

/** Where Debian and Ubuntu install Chromium; undefined where it is not. */
export const CHROMIUM = PLACES.find((path) => existsSync(path));

/** Starts Chromium without a window, and without requests of its own. */
export function launchChromium(...flags: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM as string,
    headless: true,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update", ...flags],
    ],
  });
}

/** Opens a page whose waits are patient: they end what hangs, not what a busy machine does slowly. */
export async function openPage(browser: Browser, options?: BrowserContextOptions): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(240_000);
  return page;
}
