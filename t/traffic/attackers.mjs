// SPDX-License-Identifier: Apache-2.0
//
// Attackers, at rates from ten times a person's and more down to a person's.
// Everything is bounded: so many requests, so many at once, until the run ends.

import { Browser, FAMILIES } from "./browser.mjs";
import { HOST } from "./client.mjs";

const PYTHON = [["User-Agent", "python-requests/2.31.0"], ["Accept-Encoding", "gzip, deflate"],
  ["Accept", "*/*"], ["Connection", "keep-alive"]];
const GO = [["User-Agent", "Go-http-client/1.1"], ["Accept-Encoding", "gzip"]];
const CURL = [["User-Agent", "curl/8.5.0"], ["Accept", "*/*"]];
const NONE = [];
const AIOHTTP = [["Accept", "*/*"], ["Accept-Encoding", "gzip, deflate"],
  ["User-Agent", "Python/3.11 aiohttp/3.9.1"]];
const TOOLS = [PYTHON, GO, CURL, NONE, AIOHTTP];

// Fields as a script copies them from a browser once.
function borrowed(chance, family) {
  const b = { ...FAMILIES[family](chance), isH2: true };
  return b.fieldsOf(b, "page", { site: chance.pick(["none", "same-origin"]),
    referer: chance.is(0.5) ? `https://${HOST}/` : undefined }).filter((f) => f);
}

const PATHS = ["/", "/list", "/gallery", "/about", "/contact", "/product/mug-rust",
  "/product/vase-cobalt", "/product/bowl-oatmeal", "/search?q=mug", "/cart"];

// Send what `next` says, `rate` a second with `atOnce` on the way at most,
// `n` in all. Rhythm "steady", "poisson", or "closed": as fast as answers come.
async function flood(c, { n, rate, atOnce, rhythm, next }) {
  let flying = 0;
  let due = Date.now();
  const wakers = [];
  for (let i = 0; i < n; i++) {
    while (flying >= atOnce) {
      await new Promise((wake) => wakers.push(wake));
    }
    flying++;
    next(i).catch(() => {}).then(() => {
      flying--;
      wakers.shift()?.();
    });
    const gap = 1000 / rate;
    due += rhythm === "poisson" ? -gap * Math.log(1 - c.chance.draw()) : gap;
    const wait = due - Date.now();
    if (wait > 2) {
      await c.pause(wait);
    }
    else if (wait < -2000) {
      due = Date.now(); // what could not be sent in time is not made up for
    }
  }
  while (flying > 0) {
    await new Promise((wake) => wakers.push(wake));
  }
}

function plan(c, low, high) {
  const rate = c.chance.spread(low, high);
  return { rate,
    n: Math.round(Math.max(30, Math.min(rate * c.chance.spread(15, 150), 900))),
    atOnce: c.chance.pick([1, 2, 4, 8, 16, 32]),
    rhythm: c.chance.pick(["steady", "poisson", "poisson"]) };
}

// ---- floods ----------------------------------------------------------------

function floodGet(low, high) {
  return async (c) => {
    const fields = c.chance.pick(TOOLS);
    const keep = c.chance.is(0.5);
    const paths = c.chance.is(0.5) ? [c.chance.pick(PATHS)] : PATHS;
    await flood(c, { ...plan(c, low, high), next: () =>
      c.h1("GET", c.chance.pick(paths), fields, { keep, lanes: 32 }) });
  };
}

function floodRandomQuery(isH2) {
  return async (c) => {
    const fields = isH2 ? borrowed(c.chance, "chrome")
      : c.chance.pick([PYTHON, GO, borrowed(c.chance, "firefox")]);
    const path = c.chance.pick(["/", "/list", "/search", "/gallery"]);
    const name = c.chance.pick(["q", "_", "cb", "v", "s"]);
    const keep = c.chance.is(0.6);
    await flood(c, { ...plan(c, 0.7, 40), next: () => {
      const target = `${path}?${name}=${c.chance.hex(c.chance.whole(4, 16))}`;
      return isH2 ? c.h2("GET", target, fields) : c.h1("GET", target, fields, { keep, lanes: 32 });
    } });
  };
}

// With a browser's header fields, and perhaps the cookie it was given.
function floodDisguised(c) {
  const fields = borrowed(c.chance, c.chance.pick(["chrome", "chrome", "firefox", "safari"]))
    .filter(([name]) => name !== "priority");
  const keepsCookie = c.chance.is(0.5);
  let cookie;
  return flood(c, { ...plan(c, 0.7, 40), next: async () => {
    const answer = await c.h1("GET", c.chance.pick(PATHS), cookie
      ? [...fields, ["Cookie", cookie]] : fields, { keep: true, lanes: 16 });
    cookie ??= keepsCookie ? answer.headers["set-cookie"]?.[0].split(";")[0] : undefined;
  } });
}

// A whole browser's behaviour but for the assets' share: cookie, referer of
// the page before, now and then an asset, and searches that nobody waits for.
function floodSearch(c) {
  const b = new Browser(c, c.chance.pick(["chrome", "firefox"]), c.chance.is(0.5));
  b.page = { url: `https://${HOST}/` };
  return flood(c, { ...plan(c, 0.8, 25), next: async () => {
    const target = `/search?q=${c.chance.word()}+${c.chance.word()}`;
    await b.fetch("page", target, { referer: b.page.url });
    if (c.chance.is(0.2)) {
      await b.fetch("script", "/shop.js", { referer: b.page.url });
    }
    b.page.url = `https://${HOST}${target}`;
  } });
}

function floodH2(c) {
  const fields = c.chance.pick([borrowed(c.chance, "chrome"), GO.map(([n, v]) =>
    [n, v.replace("/1.1", "/2.0")])]);
  return flood(c, { ...plan(c, 1, 60), next: () => c.h2("GET", c.chance.pick(PATHS), fields) });
}

function floodPost(c) {
  const fields = c.chance.pick([PYTHON, CURL, borrowed(c.chance, "chrome")
    .filter(([name]) => name !== "priority")]);
  return flood(c, { ...plan(c, 0.7, 30), next: () => c.h1("POST", c.chance.pick(["/contact", "/cart"]),
    [...fields, ["Content-Type", "application/x-www-form-urlencoded"]],
    { body: `name=${c.chance.word()}&message=${"x".repeat(c.chance.whole(10, 4000))}`, lanes: 16 }) });
}

// Pictures and styles over and over: what a page flood is measured by is absent.
function floodAssets(c) {
  const fields = c.chance.pick([PYTHON, GO, borrowed(c.chance, "chrome")
    .filter(([name]) => name !== "priority")]);
  return flood(c, { ...plan(c, 4, 60), next: () => c.h1("GET",
    `/glaze/${String(c.chance.whole(1, 36)).padStart(2, "0")}.webp?${c.chance.hex(6)}`, fields,
    { lanes: 16 }) });
}

// From one request in ten seconds to twenty a second, slowly.
async function floodRamp(c) {
  const fields = borrowed(c.chance, "chrome").filter(([name]) => name !== "priority");
  for (let n = 0, rate = 0.2; n < 900; n++) {
    c.h1("GET", c.chance.pick(PATHS), fields);
    await c.pause(1000 / rate * c.chance.between(0.7, 1.3));
    rate = Math.min(rate * 1.03, 20);
  }
}

// Every one of many addresses at a person's rate, pages only.
function distributed(low, high, n) {
  return (c) => {
    const isH2 = c.chance.is(0.3);
    const fields = borrowed(c.chance, "chrome").filter(([name]) => isH2 || name !== "priority");
    return flood(c, { rate: c.chance.spread(low, high), n: c.chance.whole(...n), atOnce: 4,
      rhythm: "poisson", next: () => {
        const target = c.chance.is(0.5) ? c.chance.pick(PATHS)
          : `/search?q=${c.chance.word()}`;
        return isH2 ? c.h2("GET", target, fields) : c.h1("GET", target, fields, { keep: c.chance.is(0.7) });
      } });
  };
}

// ---- rotation, scraping ----------------------------------------------------

function rotator(families, cookies) {
  return (c) => {
    const keep = c.chance.is(0.4);
    const cookie = cookies ? `session=${c.chance.hex(40)}` : undefined;
    return flood(c, { ...plan(c, 0.15, 12), next: () => {
      const fields = borrowed(c.chance, c.chance.pick(families))
        .filter(([name]) => name !== "priority");
      return c.h1("GET", c.chance.is(0.6) ? c.chance.pick(PATHS)
        : `/product/${c.chance.pick(["mug", "jug", "bowl"])}-${c.chance.pick(["rust", "celadon"])}`,
      cookie ? [...fields, ["Cookie", cookie]] : fields, { keep });
    } });
  };
}

// Every page there is, one after the other, `low` to `high` seconds apart.
function scraper(fieldsOf, [low, high], { withAssets = false, tree = "shop", jitter = 0.5 } = {}) {
  return async (c) => {
    const fields = fieldsOf(c);
    const wait = c.chance.spread(low, high) * 1000;
    const queue = ["/"];
    const seen = new Set(queue);
    const keep = c.chance.is(0.5);
    for (let n = 0; n < 1200; n++) {
      let path = queue.splice(c.chance.is(0.7) ? 0 : c.chance.whole(0, queue.length), 1)[0];
      if (tree === "api" || path === undefined) { // it goes on with numbers
        path = tree === "api" ? `/rest/items/${n}` : `/search?q=${c.chance.word()}`;
      }
      const answer = await c.h1("GET", path, fields, { keep, lanes: 2 });
      for (const [, link] of answer.text.matchAll(/(?:href|src)="(\/[^"#]*)"/g)) {
        if (!seen.has(link) && (withAssets || !/\.\w+$/.test(link))) {
          seen.add(link);
          queue.push(link);
        }
      }
      await c.pause(wait * c.chance.between(1 - jitter, 1 + jitter));
    }
  };
}

const honest = (c) => c.chance.pick([
  [["User-Agent", "Scrapy/2.11.2 (+https://scrapy.org)"], ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
    ["Accept-Language", "en"], ["Accept-Encoding", "gzip, deflate, br"]],
  PYTHON, CURL,
  [["User-Agent", "Wget/1.21.3"], ["Accept", "*/*"], ["Accept-Encoding", "identity"], ["Connection", "Keep-Alive"]]]);
const disguised = (c) => borrowed(c.chance, c.chance.pick(["chrome", "firefox"]))
  .filter(([name]) => name !== "priority");

// ---- passwords, holes, costs -----------------------------------------------

function stuffing(path, [low, high], options = {}) {
  return (c) => {
    const fields = c.chance.pick([PYTHON, GO, disguised(c), disguised(c)]);
    const changesAgent = c.chance.is(0.3);
    return flood(c, { ...plan(c, low, high), atOnce: c.chance.pick([1, 1, 2, 8]), next: async () => {
      const now = changesAgent ? disguised(c) : fields;
      if (c.chance.is(options.looks ?? 0)) { // fetches the form before
        await c.h1("GET", path, now);
      }
      const user = options.oneUser ? "admin" : `${c.chance.word()}${c.chance.whole(1, 99)}`;
      await c.h1("POST", path, [...now, ["Content-Type", "application/x-www-form-urlencoded"]],
        { body: `mail=${user}%40example.org&password=${options.oneWord ?? c.chance.word() + c.chance.whole(1, 999)}` });
    } });
  };
}

function apiKeys(c) {
  return flood(c, { ...plan(c, 0.5, 20), next: () => c.h1("GET", "/rest/private/items",
    [...c.chance.pick([PYTHON, GO]), ["Authorization", `Bearer ${c.chance.hex(32)}`]]) });
}

const HOLES = ["/wp-login.php", "/.env", "/.git/config", "/xmlrpc.php", "/phpmyadmin/index.php",
  "/admin", "/administrator/", "/cgi-bin/luci", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
  "/actuator/health", "/solr/admin/info/system", "/boaform/admin/formLogin", "/HNAP1/",
  "/owa/auth/logon.aspx", "/manager/html", "/.aws/credentials", "/server-status", "/config.json",
  "/telescope/requests", "/_ignition/execute-solution", "/wp-content/plugins/wp-file-manager/readme.txt",
  "/api/v1/pods", "/console/", "/jenkins/login", "/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh", "/setup.cgi"];

function pathScan(c) {
  const fields = c.chance.pick([GO, PYTHON, NONE, disguised(c),
    [["User-Agent", "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)"], ["Connection", "close"]],
    [["User-Agent", "gobuster/3.6"], ["Accept-Encoding", "gzip"]],
    [["User-Agent", "Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:Port Check)"], ["Connection", "Keep-Alive"]]]);
  const method = c.chance.pick(["GET", "GET", "GET", "HEAD"]);
  const keep = c.chance.is(0.5);
  return flood(c, { ...plan(c, 0.2, 40), next: () => c.h1(method, c.chance.is(0.4)
    ? c.chance.pick(HOLES) : `/${c.chance.word()}${c.chance.pick(["", "/", ".php", ".bak", ".zip", ".asp"])}`,
  fields, { keep }) });
}

function backupHunt(c) {
  const fields = disguised(c);
  const stems = ["backup", "shop", "www", "db", "dump", "site", "old", "shop.test", "html", "sql"];
  return flood(c, { ...plan(c, 0.2, 10), next: () => c.h1(c.chance.pick(["HEAD", "GET"]),
    `/${c.chance.pick(["", "old/", "backup/", "tmp/"])}${c.chance.pick(stems)}${c.chance.pick(["", "1", "-2025", "_full"])}` +
    c.chance.pick([".zip", ".tar.gz", ".sql", ".sql.gz", ".rar", ".7z", ".bak"]), fields) });
}

function injection(c) {
  const fields = [["User-Agent", "sqlmap/1.8.2#stable (https://sqlmap.org)"], ["Accept", "*/*"],
    ["Accept-Encoding", "gzip,deflate"], ["Cache-Control", "no-cache"], ["Connection", "close"]];
  return flood(c, { ...plan(c, 0.5, 15), next: () => c.h1("GET", `/search?q=${encodeURIComponent(
    `mug' AND ${c.chance.whole(1000, 9999)}=${c.chance.whole(1000, 9999)} UNION ALL SELECT NULL,${c.chance.word()}-- -`)}`,
  fields, { keep: false }) });
}

function hammer(c) {
  const fields = c.chance.pick([PYTHON, GO, disguised(c)]);
  return flood(c, { ...plan(c, 0.3, 5), atOnce: c.chance.whole(2, 8), next: () =>
    c.h1("GET", c.chance.is(0.7) ? "/firing" : `/firing?hour=${c.chance.whole(0, 9999)}`, fields, { lanes: 8 }) });
}

// Puts pieces into baskets without end, form and cookie as they should be.
function cartBot(c) {
  const b = new Browser(c, "chrome", true);
  b.page = { url: `https://${HOST}/product/mug-rust` };
  return flood(c, { ...plan(c, 0.4, 6), atOnce: 2, next: () => b.post("/cart",
    `add=mug-${c.chance.pick(["rust", "cobalt", "celadon"])}`) });
}

// Real tools, which count for themselves: see tools.mjs.
const ab = { tool: "ab" };
const h2load = { tool: "h2load" };

// name: [class, clients of a full run, play]
export const ATTACKERS = {
  flood_get: ["flood", 16, floodGet(0.7, 60)],
  flood_random_query: ["flood", 14, floodRandomQuery(false)],
  flood_with_browser_headers: ["flood", 14, floodDisguised],
  flood_h2: ["flood", 8, floodH2],
  flood_ab: ["flood", 4, ab],
  flood_h2_random_query: ["flood", 9, floodRandomQuery(true)],
  flood_search_like_browser: ["flood", 9, floodSearch],
  flood_post: ["flood", 8, floodPost],
  flood_assets: ["flood", 6, floodAssets],
  flood_ramp: ["flood", 6, floodRamp],
  flood_h2load: ["flood", 3, h2load],
  distributed_flood: ["flood", 34, distributed(0.1, 1.2, [20, 120])],
  swarm: ["flood", 30, distributed(0.05, 0.5, [2, 30])],
  ua_rotator: ["ua_rotator", 16, rotator(["chrome", "firefox", "android", "safari"], false)],
  ua_rotator_with_session: ["ua_rotator", 8, rotator(["chrome", "android"], true)],
  slow_scraper: ["scraper", 18, scraper(honest, [2, 25])],
  fast_scraper: ["scraper", 10, scraper(disguised, [0.05, 1.5])],
  patient_scraper: ["scraper", 10, scraper(disguised, [3, 20], { jitter: 0.9 })],
  scraper_with_assets: ["scraper", 8, scraper(disguised, [0.1, 2], { withAssets: true })],
  api_scraper: ["scraper", 6, scraper(honest, [0.1, 3], { tree: "api" })],
  credential_stuffing: ["bruteforce", 18, stuffing("/login", [0.15, 15], { looks: 0.2 })],
  password_spray: ["bruteforce", 9, stuffing("/login", [0.1, 2], { looks: 0.8, oneWord: "Summer2026!" })],
  password_guess_admin: ["bruteforce", 6, stuffing("/login", [0.3, 10], { oneUser: true })],
  api_key_guess: ["bruteforce", 7, apiKeys],
  path_scan: ["scanner", 18, pathScan],
  backup_file_hunt: ["scanner", 9, backupHunt],
  sql_injection: ["scanner", 7, injection],
  expensive_hammer: ["flood", 10, hammer],
  cart_bot: ["flood", 6, cartBot],
};
