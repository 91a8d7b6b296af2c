import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Headers on every answer: no foreign code, no frame around the page, no guessing of types. */
export const safeHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  const { headers } = context.res;
  if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", POLICY);
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
};

/** Only reading. */
export const readOnly: MiddlewareHandler = async (context, next) => {
  if (context.req.method === "GET" || context.req.method === "HEAD") return next();
  return context.json({ error: "the dashboard only reads: GET or HEAD" }, 405);
};

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Answers only to names of this machine itself: a page elsewhere whose name was made to point here
 * (DNS rebinding) sends its own. Any port, so that a tunnel works.
 */
export const loopbackHost: MiddlewareHandler = async (context, next) => {
  const host = context.req.header("host") ?? new URL(context.req.url).host;
  if (LOOPBACK.test(host)) return next();
  return context.json(
    { error: "this dashboard answers to localhost only; serve it with --host to reach it by name" },
    403,
  );
};

const COOKIE = "cfcontra-token";

/** Asks for the token: once in the address, from then on in a cookie; or as a Bearer header. */
export const tokenNeeded =
  (token: string): MiddlewareHandler =>
  async (context, next) => {
    const url = new URL(context.req.url);
    const asked = url.searchParams.get("token");
    if (asked !== null && same(asked, token)) {
      setCookie(context, COOKIE, token, { httpOnly: true, sameSite: "Strict", path: "/" });
      url.searchParams.delete("token");
      return context.redirect(`${url.pathname}${url.search}`);
    }
    const bearer = /^Bearer (.+)$/.exec(context.req.header("authorization") ?? "")?.[1];
    const given = bearer ?? getCookie(context, COOKIE) ?? "";
    if (same(given, token)) return next();
    return context.json(
      { error: "a token is needed: open the address that `cfcontra dashboard` has printed" },
      401,
    );
  };

const digest = (text: string) => createHash("sha256").update(text).digest();
const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));
