/** The state of the view, in the address: every view can be linked to, and Back works. */
export const place = {
  get: (key: string): string | undefined => params().get(key) ?? undefined,
  all: (key: string): string[] => params().getAll(key),
  number(key: string): number | undefined {
    const text = params().get(key);
    const value = text === null || text === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : undefined;
  },
  /** Changes details of the view without a step in the history; undefined removes one. */
  set(changes: Readonly<Record<string, string | number | undefined>>): void {
    const next = params();
    for (const [key, value] of Object.entries(changes)) {
      if (value === undefined || value === "") next.delete(key);
      else next.set(key, String(value));
    }
    history.replaceState(null, "", address(next));
  },
  /** Opens another view. */
  go(href: string): void {
    history.pushState(null, "", href);
    for (const listener of listeners) listener();
  },
  onChange(listener: () => void): void {
    listeners.push(listener);
    addEventListener("popstate", listener);
  },
};

const listeners: (() => void)[] = [];
const params = () => new URLSearchParams(location.search);
const address = (query: URLSearchParams) => {
  const text = query.toString().replaceAll("%2F", "/");
  return text === "" ? "./" : `?${text}`;
};

/** Address of one run, of a comparison of several, or of the list (no ids). */
export const runsHref = (ids: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  address(new URLSearchParams([...ids.map((id) => ["run", id]), ...Object.entries(more)]));

/** Lets links to views of this page change the view without loading the page again. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || event.button !== 0 || !plain || link.target !== "") return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.pathname !== location.pathname) return;
    if (url.hash !== "") return;
    event.preventDefault();
    place.go(url.search === "" ? "./" : url.search);
  });
}
