import type { MiddlewareHandler } from "hono";

/** Headers on every answer: a content security policy, no frames, no guessing of types. */
export const safeHeaders =
  (policy: string): MiddlewareHandler =>
  async (context, next) => {
    await next();
    const { headers } = context.res;
    if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", policy);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  };

/** Refuses everything but reading. */
export const readOnly: MiddlewareHandler = async (context, next) => {
  if (context.req.method === "GET" || context.req.method === "HEAD") return next();
  return context.json({ error: "this server only answers GET and HEAD requests" }, 405);
};

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Answers only to names of this machine: in DNS rebinding, a page elsewhere has its own name point here and
 * sends that name. Any port is accepted, so that a tunnel works.
 */
export const loopbackHost: MiddlewareHandler = async (context, next) => {
  const host = context.req.header("host") ?? new URL(context.req.url).host;
  if (LOOPBACK.test(host)) return next();
  return context.json({ error: "this server only answers to localhost and 127.0.0.1" }, 403);
};
