import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";

/** Requires the token: first in the address, from then on in a cookie; or as a Bearer header. */
export const tokenNeeded =
  (token: string): MiddlewareHandler =>
  async (context, next) => {
    const url = new URL(context.req.url);
    const cookie = cookieName(context);
    const asked = url.searchParams.get("token");
    if (asked !== null && same(asked, token)) {
      // Without a path, the cookie belongs to the folder of the address: behind a reverse proxy, its prefix.
      context.header("Set-Cookie", `${cookie}=${token}; HttpOnly; SameSite=Strict`);
      url.searchParams.delete("token");
      return context.redirect(relative(url));
    }
    const bearer = /^Bearer (.+)$/.exec(context.req.header("authorization") ?? "")?.[1];
    const given = bearer ?? getCookie(context, cookie) ?? "";
    if (same(given, token)) return next();
    return context.json(
      { error: "a token is needed: open the address that `cfcontra dashboard` printed" },
      401,
    );
  };

/** Browsers send a cookie to every port of a host: the name tells two dashboards apart. */
function cookieName({ env }: Context): string {
  const { incoming } = (env ?? {}) as { incoming?: { socket?: { localPort?: number } } };
  return `cfcontra-token-${incoming?.socket?.localPort ?? 0}`;
}

/** The same address as seen from itself: neither another host nor outside of a reverse proxy's prefix. */
const relative = ({ pathname, search }: URL): string =>
  `./${pathname.slice(pathname.lastIndexOf("/") + 1)}${search}`;

const digest = (text: string) => createHash("sha256").update(text).digest();
const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));
