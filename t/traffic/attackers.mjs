// SPDX-License-Identifier: Apache-2.0
//
// Attackers, at rates from ten times a person's and more down to a person's.
// Everything is bounded: so many requests, so many at once, until the run ends.

import { Browser, FAMILIES } from "./browser.mjs";
import { HOST } from "./client.mjs";
import { fieldsOf, oneOf } from "./headers.mjs";

const FORM = ["Content-Type", "application/x-www-form-urlencoded"];

const PATHS = ["/", "/list", "/gallery", "/about", "/contact", "/cart",
  "/product/mug-rust", "/product/vase-cobalt", "/product/bowl-oatmeal",
  "/search?q=mug"];

// ---- what they have in common ----------------------------------------------

// Fields as a script copies them from a browser once; `priority` only where it
// is sent over HTTP/2.
function borrowed(c, families, isH2 = false) {
  const b = { ...FAMILIES[c.chance.pick(families)](c.chance), isH2: true };
  return b.fieldsOf(b, "page", { site: c.chance.pick(["none", "same-origin"]),
    referer: c.chance.is(0.5) ? `https://${HOST}/` : undefined })
    .filter((field) => field && (isH2 || field[0] !== "priority"));
}

// A browser's name over a library's other fields, which is what most do. Over
// TLS, where the gate misses what the browser would send.
function nameOnly(c, families) {
  const { agent } = FAMILIES[c.chance.pick(families)](c.chance);
  c.isSecure = true;
  return [["User-Agent", agent], ...oneOf(c, ["requests", "httpx", "nothing"])
    .filter(([name]) => name !== "User-Agent")];
}

const honest = (c) => oneOf(c, ["scrapy", "requests", "curl", "wget"]);
const disguised = (c, families = ["chrome", "firefox"]) =>
  (c.chance.is(0.5) ? borrowed : nameOnly)(c, families);

// Those of a tool, or as a browser.
function toolOr(c, tools) {
  const tool = c.chance.pick([...tools, undefined, undefined]);
  return tool === undefined ? disguised(c) : fieldsOf(tool);
}

// Send what `next` says, `rate` a second, with `atOnce` on the way at most,
// `n` in all; `isSteady`, or as a Poisson process.
async function flood(c, { n, rate, atOnce, isSteady }, next) {
  let flying = 0;
  let due = Date.now();
  let problem;
  const wakers = [];
  for (let i = 0; i < n; i++) {
    while (flying >= atOnce) {
      await new Promise((wake) => wakers.push(wake));
    }
    if (problem !== undefined) {
      throw problem;
    }
    flying++;
    next(i).catch((why) => { problem = why; }).then(() => {
      flying--;
      wakers.shift()?.();
    });
    const gap = 1000 / rate;
    due += isSteady ? gap : -gap * Math.log(1 - c.chance.draw());
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

// At `low` to `high` requests a second.
function pace(c, low, high, more = {}) {
  const rate = c.chance.spread(low, high);
  const n = Math.max(30, Math.min(rate * c.chance.spread(15, 150), 900));
  return { rate, n: Math.round(n), isSteady: c.chance.is(0.33),
    atOnce: c.chance.pick([1, 2, 4, 8, 16, 32]), ...more };
}

// ---- floods ----------------------------------------------------------------

function floodGet(c) {
  const fields = oneOf(c, ["requests", "go", "curl", "nothing", "aiohttp"]);
  const keep = c.chance.is(0.5);
  const paths = c.chance.is(0.5) ? [c.chance.pick(PATHS)] : PATHS;
  return flood(c, pace(c, 0.7, 60), () =>
    c.h1("GET", c.chance.pick(paths), fields, { keep, lanes: 32 }));
}

function floodRandomQuery(isH2) {
  return (c) => {
    const fields = isH2 ? borrowed(c, ["chrome"], true)
      : toolOr(c, ["requests", "go"]);
    const path = c.chance.pick(["/", "/list", "/search", "/gallery"]);
    const name = c.chance.pick(["q", "_", "cb", "v", "s"]);
    const keep = c.chance.is(0.6);
    return flood(c, pace(c, 0.7, 40), () => {
      const target = `${path}?${name}=${c.chance.hex(c.chance.whole(4, 16))}`;
      return isH2 ? c.h2("GET", target, fields)
        : c.h1("GET", target, fields, { keep, lanes: 32 });
    });
  };
}

// With a browser's header fields, and perhaps the cookie it was given.
function floodDisguised(c) {
  const fields = borrowed(c, ["chrome", "chrome", "firefox", "safari"]);
  const keepsCookie = c.chance.is(0.5);
  let cookie;
  return flood(c, pace(c, 0.7, 40), async () => {
    const answer = await c.h1("GET", c.chance.pick(PATHS),
      cookie ? [...fields, ["Cookie", cookie]] : fields, { lanes: 16 });
    if (keepsCookie) {
      cookie ??= answer.headers["set-cookie"]?.[0].split(";")[0];
    }
  });
}

// Almost a browser: cookies, the referer of the page before, now and then an
// asset; but searches that nobody waits for.
function floodSearch(c) {
  const b = new Browser(c, c.chance.pick(["chrome", "firefox"]),
    c.chance.is(0.5));
  b.page = { url: `https://${HOST}/` };
  return flood(c, pace(c, 0.8, 25), async () => {
    const target = `/search?q=${c.chance.word()}+${c.chance.word()}`;
    await b.fetch("page", target, { referer: b.page.url });
    if (c.chance.is(0.2)) {
      await b.fetch("script", "/shop.js", { referer: b.page.url });
    }
    b.page.url = `https://${HOST}${target}`;
  });
}

function floodH2(c) {
  const fields = c.chance.is(0.5) ? borrowed(c, ["chrome"], true)
    : fieldsOf("go-h2");
  return flood(c, pace(c, 1, 60), () =>
    c.h2("GET", c.chance.pick(PATHS), fields));
}

function floodPost(c) {
  const fields = [...toolOr(c, ["requests", "curl"]), FORM];
  return flood(c, pace(c, 0.7, 30), () =>
    c.h1("POST", c.chance.pick(["/contact", "/cart"]), fields, { lanes: 16,
      body: `name=${c.chance.word()}&message=` +
        "x".repeat(c.chance.whole(10, 4000)) }));
}

// Pictures over and over: pages, by which floods are measured, are absent.
function floodAssets(c) {
  const fields = toolOr(c, ["requests", "go"]);
  return flood(c, pace(c, 4, 60), () => {
    const tile = String(c.chance.whole(1, 36)).padStart(2, "0");
    return c.h1("GET", `/glaze/${tile}.webp?${c.chance.hex(6)}`, fields,
      { lanes: 16 });
  });
}

// From one request in five seconds to twenty a second, slowly.
async function floodRamp(c) {
  const fields = disguised(c);
  for (let n = 0, rate = 0.2; n < 900; n++) {
    c.h1("GET", c.chance.pick(PATHS), fields);
    await c.pause(1000 / rate * c.chance.between(0.7, 1.3));
    rate = Math.min(rate * 1.03, 20);
  }
}

// One of many addresses, at a person's rate, pages only, `n` of them.
function distributed([low, high], n) {
  return (c) => {
    const isH2 = c.chance.is(0.3);
    const fields = isH2 ? borrowed(c, ["chrome"], true) : disguised(c);
    return flood(c, pace(c, low, high, { n: c.chance.whole(...n), atOnce: 4,
      isSteady: false }), () => {
      const target = c.chance.is(0.5) ? c.chance.pick(PATHS)
        : `/search?q=${c.chance.word()}`;
      return isH2 ? c.h2("GET", target, fields)
        : c.h1("GET", target, fields, { keep: c.chance.is(0.7) });
    });
  };
}

// The page that takes its time.
function hammer(c) {
  const fields = toolOr(c, ["requests", "go"]);
  return flood(c, pace(c, 0.3, 5, { atOnce: c.chance.whole(2, 8) }), () =>
    c.h1("GET", c.chance.is(0.7) ? "/firing"
      : `/firing?hour=${c.chance.whole(0, 9999)}`, fields, { lanes: 8 }));
}

// Puts pieces into baskets without end, form and cookie as they should be.
function cartBot(c) {
  const b = new Browser(c, "chrome", true);
  b.page = { url: `https://${HOST}/product/mug-rust` };
  return flood(c, pace(c, 0.4, 6, { atOnce: 2 }), () => b.post("/cart",
    `add=mug-${c.chance.pick(["rust", "cobalt", "celadon"])}`));
}

// ---- rotation, scraping ----------------------------------------------------

function rotator(families, hasSession) {
  return (c) => {
    const keep = c.chance.is(0.4);
    const cookie = ["Cookie", `session=${c.chance.hex(40)}`];
    const dress = c.chance.is(0.5) ? borrowed : nameOnly;
    return flood(c, pace(c, 0.15, 12), () => {
      const fields = dress(c, families);
      const piece = c.chance.pick(["mug-rust", "jug-celadon", "bowl-cobalt"]);
      return c.h1("GET", c.chance.is(0.6) ? c.chance.pick(PATHS)
        : `/product/${piece}`, hasSession ? [...fields, cookie] : fields,
      { keep });
    });
  };
}

const LINKS = /(?:href|src)="(\/[^"#]*)"/g;

// Every page there is, one after the other, `low` to `high` seconds apart;
// when there are no more, it goes on with searches, or by number.
function scraper(dress, [low, high], { withAssets = false, isApi = false,
  jitter = 0.5 } = {}) {
  return async (c) => {
    const fields = dress(c);
    const wait = c.chance.spread(low, high) * 1000;
    const queue = ["/"];
    const seen = new Set(queue);
    const keep = c.chance.is(0.5);
    for (let n = 0; n < 1200; n++) {
      const at = c.chance.is(0.7) ? 0 : c.chance.whole(0, queue.length);
      const path = isApi ? `/rest/items/${n}`
        : queue.splice(at, 1)[0] ?? `/search?q=${c.chance.word()}`;
      const answer = await c.h1("GET", path, fields, { keep, lanes: 2 });
      for (const [, link] of answer.text.matchAll(LINKS)) {
        if (!seen.has(link) && (withAssets || !/\.\w+$/.test(link))) {
          seen.add(link);
          queue.push(link);
        }
      }
      await c.pause(wait * c.chance.between(1 - jitter, 1 + jitter));
    }
  };
}

// ---- passwords and keys ----------------------------------------------------

// looks     how often the form is fetched before it is sent
// name      always the same; else another each time
// password  always the same; else another each time
function guesser([low, high], { looks = 0, name, password }) {
  return (c) => {
    const fields = toolOr(c, ["requests", "go"]);
    const changesAgent = c.chance.is(0.3);
    const atOnce = c.chance.pick([1, 1, 2, 8]);
    return flood(c, pace(c, low, high, { atOnce }), async () => {
      const now = changesAgent ? disguised(c) : fields;
      if (c.chance.is(looks)) {
        await c.h1("GET", "/login", now);
      }
      const who = name ?? `${c.chance.word()}${c.chance.whole(1, 99)}`;
      const what = password ?? `${c.chance.word()}${c.chance.whole(1, 999)}`;
      await c.h1("POST", "/login", [...now, FORM],
        { body: `mail=${who}%40example.org&password=${what}` });
    });
  };
}

function apiKeys(c) {
  const fields = oneOf(c, ["requests", "go"]);
  return flood(c, pace(c, 0.5, 20), () => c.h1("GET", "/rest/private/items",
    [...fields, ["Authorization", `Bearer ${c.chance.hex(32)}`]]));
}

// ---- holes -----------------------------------------------------------------

const HOLES = ["/wp-login.php", "/.env", "/.git/config", "/xmlrpc.php",
  "/phpmyadmin/index.php", "/admin", "/administrator/", "/cgi-bin/luci",
  "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "/actuator/health",
  "/solr/admin/info/system", "/boaform/admin/formLogin", "/HNAP1/",
  "/owa/auth/logon.aspx", "/manager/html", "/.aws/credentials", "/console/",
  "/server-status", "/config.json", "/telescope/requests", "/setup.cgi",
  "/_ignition/execute-solution", "/api/v1/pods", "/jenkins/login",
  "/wp-content/plugins/wp-file-manager/readme.txt",
  "/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh"];
const ENDINGS = ["", "/", ".php", ".bak", ".zip", ".asp"];

function pathScan(c) {
  const fields = toolOr(c, ["go", "requests", "nothing", "nmap", "gobuster",
    "nikto"]);
  const method = c.chance.pick(["GET", "GET", "GET", "HEAD"]);
  const keep = c.chance.is(0.5);
  return flood(c, pace(c, 0.2, 40), () => c.h1(method, c.chance.is(0.4)
    ? c.chance.pick(HOLES) : `/${c.chance.word()}${c.chance.pick(ENDINGS)}`,
  fields, { keep }));
}

const PLACES = ["", "old/", "backup/", "tmp/"];
const STEMS = ["backup", "shop", "www", "db", "dump", "site", "old", "html",
  "shop.test", "sql"];
const DATES = ["", "1", "-2025", "_full"];
const PACKED = [".zip", ".tar.gz", ".sql", ".sql.gz", ".rar", ".7z", ".bak"];

function backupHunt(c) {
  const fields = disguised(c);
  return flood(c, pace(c, 0.2, 10), () => c.h1(c.chance.pick(["HEAD", "GET"]),
    "/" + [PLACES, STEMS, DATES, PACKED].map((part) => c.chance.pick(part))
      .join(""), fields));
}

function injection(c) {
  const fields = fieldsOf("sqlmap");
  return flood(c, pace(c, 0.5, 15), () => {
    const n = c.chance.whole(1000, 9999);
    const text = `mug' AND ${n}=${c.chance.whole(1000, 9999)} ` +
      `UNION ALL SELECT NULL,${c.chance.word()}-- -`;
    return c.h1("GET", `/search?q=${encodeURIComponent(text)}`, fields,
      { keep: false });
  });
}

// name: [class, clients of a full run, play]; a text is a tool of tools.mjs
export const ATTACKERS = {
  flood_get: ["flood", 16, floodGet],
  flood_random_query: ["flood", 14, floodRandomQuery(false)],
  flood_with_browser_headers: ["flood", 14, floodDisguised],
  flood_h2: ["flood", 8, floodH2],
  flood_ab: ["flood", 4, "ab"],
  flood_h2_random_query: ["flood", 9, floodRandomQuery(true)],
  flood_search_like_browser: ["flood", 9, floodSearch],
  flood_post: ["flood", 8, floodPost],
  flood_assets: ["flood", 6, floodAssets],
  flood_ramp: ["flood", 6, floodRamp],
  flood_h2load: ["flood", 3, "h2load"],
  distributed_flood: ["flood", 34, distributed([0.1, 1.2], [20, 120])],
  swarm: ["flood", 30, distributed([0.05, 0.5], [2, 30])],
  expensive_hammer: ["flood", 10, hammer],
  cart_bot: ["flood", 6, cartBot],
  ua_rotator: ["ua_rotator", 16,
    rotator(["chrome", "firefox", "android", "safari"], false)],
  ua_rotator_with_session: ["ua_rotator", 8,
    rotator(["chrome", "android"], true)],
  slow_scraper: ["scraper", 18, scraper(honest, [2, 25])],
  fast_scraper: ["scraper", 10, scraper(disguised, [0.05, 1.5])],
  patient_scraper: ["scraper", 10,
    scraper(disguised, [3, 20], { jitter: 0.9 })],
  scraper_with_assets: ["scraper", 8,
    scraper(disguised, [0.1, 2], { withAssets: true })],
  api_scraper: ["scraper", 6, scraper(honest, [0.1, 3], { isApi: true })],
  credential_stuffing: ["bruteforce", 18, guesser([0.15, 15], { looks: 0.2 })],
  password_spray: ["bruteforce", 9,
    guesser([0.1, 2], { looks: 0.8, password: "Summer2026!" })],
  password_guess_admin: ["bruteforce", 6,
    guesser([0.3, 10], { name: "admin" })],
  api_key_guess: ["bruteforce", 7, apiKeys],
  path_scan: ["scanner", 18, pathScan],
  backup_file_hunt: ["scanner", 9, backupHunt],
  sql_injection: ["scanner", 7, injection],
};
