// SPDX-License-Identifier: Apache-2.0
//
// Programs that work for people: readers, syncing, monitors, apps, crawlers.
// Header fields are those of the named program.

import { fieldsOf, oneOf } from "./headers.mjs";

// Every `low` to `high` seconds, with the program's own jitter, after a start
// of its own: `act` until the run is over.
async function every(c, [low, high], act, jitter = 0.01) {
  const period = c.chance.spread(low, high) * 1000;
  await c.settle(Math.min(period, 20000));
  for (let n = 0; ; n++) {
    const began = Date.now();
    await act(n);
    await c.pause(Math.max(0, period - (Date.now() - began)) +
      c.chance.between(0, period * jitter));
  }
}

// ---- feed readers ----------------------------------------------------------

// Conditional once it knows an ETag.
function feeds(programs, seconds) {
  return async (c) => {
    const fields = oneOf(c, programs);
    const get = (path, more = []) =>
      c.h1("GET", path, [...fields, ...more], { keep: false });
    let etag;
    await every(c, seconds, async (n) => {
      const answer = await get("/feed.xml",
        etag ? [["If-None-Match", etag]] : []);
      etag = answer.headers.etag;
      if (n === 0) { // it is new here: a picture for the list
        await get("/favicon.ico");
      }
      if (n % 4 === 0 && c.chance.is(0.6)) { // and what the entries are about
        const links = answer.text.matchAll(/<link href="(\/p[^"]+)"/g);
        for (const [, link] of [...links].slice(0, c.chance.whole(1, 6))) {
          await get(link);
        }
      }
    });
  };
}

async function podcast(c) {
  const fields = oneOf(c, ["antennapod", "apple-podcasts", "overcast"]);
  await c.settle(30000);
  for (;;) {
    await c.h1("GET", "/podcast/feed", fields);
    for (let n = c.chance.whole(0, 3); n > 0; n--) {
      const episode = `/podcast/episode-${c.chance.whole(1, 40)}.mp3`;
      await c.h1("HEAD", episode, fields);
      for (let at = 0; at < 6; at++) {
        await c.h1("GET", episode,
          [...fields, ["Range", `bytes=${at * 65536}-${at * 65536 + 65535}`]]);
        await c.pause(c.chance.between(200, 2500));
      }
    }
    await c.pause(c.chance.between(30000, 120000));
  }
}

// ---- sync ------------------------------------------------------------------

// Nextcloud's desktop client: a look at the root every 30 s, and now and then
// a folder tree that changed.
async function nextcloud(c) {
  const own = [["Authorization", `Basic ${c.chance.hex(24)}`],
    ["Cookie", `nc_sameSiteCookielax=true; oc_sessionPassphrase=` +
      `${c.chance.hex(20)}; ocid=${c.chance.hex(26)}`]];
  const ask = (method, path, body) => c.h1(method, path, [...own,
    ...fieldsOf("nextcloud"), ["X-Request-ID", c.chance.hex(32)],
    ...(body === undefined ? []
      : [["Content-Type", "application/xml; charset=utf-8"], ["Depth", "1"]]),
  ], { body });
  const props = '<?xml version="1.0" ?><d:propfind xmlns:d="DAV:"><d:prop>' +
    "<d:resourcetype/><d:getlastmodified/><d:getcontentlength/><d:getetag/>" +
    "</d:prop></d:propfind>";
  const root = `/dav/files/${c.chance.word()}`;
  await c.settle(15000);
  await ask("GET", "/rest/status");
  for (let n = 0; ; n++) {
    await ask("PROPFIND", `${root}/`, props);
    if (n === 0 || c.chance.is(0.25)) {
      const folders = c.chance.whole(20, n === 0 ? 400 : 60);
      const lanes = Array.from({ length: 6 }, async (_, lane) => {
        for (let i = lane; i < folders; i += 6) {
          await ask("PROPFIND", `${root}/${c.chance.word()}/${i}`, props);
        }
      });
      await Promise.all(lanes);
      for (let i = c.chance.whole(0, 25); i > 0; i--) {
        const file = `${root}/${c.chance.word()}.odt`;
        await (c.chance.is(0.5) ? ask("GET", file)
          : ask("PUT", file, "x".repeat(c.chance.whole(100, 20000))));
      }
    }
    await c.pause(30000 + c.chance.between(0, 800));
  }
}

// CalDAV and CardDAV: collections, then what changed in each, with DAVx5's
// or the iPhone's fields.
async function caldav(c) {
  const fields = oneOf(c, ["davx5", "ios-calendar"]);
  const ask = (method, path) => c.h1(method, path, [...fields,
    ["Authorization", "Basic YWRhOmtpbG4="],
    ["Content-Type", "text/xml; charset=utf-8"], ["Depth", "1"]],
  { body: "<propfind xmlns='DAV:'><prop><getctag/><sync-token/></prop>" +
    "</propfind>" });
  const user = `/dav/calendars/${c.chance.word()}`;
  await c.settle(20000);
  for (;;) {
    await c.h1("PROPFIND", `${user}/`, [...fields, ["Depth", "0"]]);
    await ask("PROPFIND", user);
    for (let n = c.chance.whole(2, 14); n > 0; n--) {
      await ask("REPORT", `${user}/${n}/`);
      for (let i = c.chance.whole(0, 8); i > 0; i--) {
        await c.h1("GET", `${user}/${n}/${c.chance.hex(12)}.ics`, fields);
      }
    }
    await c.pause(c.chance.between(15000, 60000));
  }
}

// ---- apps and APIs ---------------------------------------------------------

// A telephone's app that only ever POSTs.
async function phonePosts(c) {
  const fields = oneOf(c, ["okhttp", "ios-app", "dart"]);
  const token = ["Authorization", `Bearer ${c.chance.hex(40)}`];
  const post = (path) => c.h1("POST", path, [...fields, token,
    ["Content-Type", "application/json; charset=utf-8"]],
  { body: JSON.stringify({ id: c.chance.hex(8), at: Date.now(),
    text: "x".repeat(c.chance.whole(10, 900)) }) });
  for (;;) { // looks at the app for a while, puts it away
    for (let n = c.chance.whole(4, 30); n > 0; n--) {
      await post(c.chance.pick(["/rest/rpc", "/rest/rpc", "/rest/events",
        "/rest/sync"]));
      await c.pause(c.chance.is(0.6) ? c.chance.between(40, 300)
        : c.chance.dwell(4000));
    }
    await c.pause(c.chance.dwell(40000));
  }
}

async function graphql(c) {
  const fields = fieldsOf("apollo");
  const ask = (name) => c.h2("POST", "/rest/graphql", fields,
    { body: JSON.stringify({ operationName: name,
      variables: { n: c.chance.whole(1, 99) },
      query: `query ${name} { list { id title } }` }) });
  for (;;) {
    for (let screen = c.chance.whole(2, 12); screen > 0; screen--) {
      await Promise.all(Array.from({ length: c.chance.whole(2, 9) },
        (_, i) => ask(`Screen${i}`)));
      await c.pause(c.chance.dwell(6000));
    }
    await c.pause(c.chance.dwell(45000));
  }
}

// A customer's script: a page of the collection, then each item, no
// Accept-Language, as fast as it is answered or a bit slower.
function apiClient(programs, [low, high]) {
  return async (c) => {
    const fields = [...oneOf(c, programs),
      ["Authorization", `Bearer kiln${c.chance.hex(20)}`]];
    const wait = c.chance.spread(low, high) * 1000;
    const ask = (method, path, more = {}) => c.h1(method, path, more.body
      ? [...fields, ["Content-Type", "application/json"]] : fields,
    { lanes: 1, ...more });
    for (;;) {
      for (let page = 0, pages = c.chance.whole(2, 12); page < pages; page++) {
        await ask("GET", `/rest/items?limit=50&page=${page}`);
        for (let n = c.chance.whole(0, 12); n > 0; n--) {
          await ask("GET", `/rest/items/${c.chance.whole(1, 4000)}`);
          await c.pause(wait * c.chance.between(0.6, 1.4));
        }
        if (c.chance.is(0.3)) {
          await ask(c.chance.pick(["POST", "PUT", "PATCH"]), "/rest/items/7",
            { body: '{"stock":4}' });
        }
      }
      await c.pause(c.chance.between(5000, 60000));
    }
  };
}

async function chatLogin(c) {
  const fields = fieldsOf("element");
  const token = ["Authorization", `Bearer syt_${c.chance.hex(24)}`];
  await c.settle(60000);
  for (const path of ["versions", "login", "login", "account/whoami", "profile",
    "pushrules/", "filter", "capabilities", "voip/turnServer", "devices",
    "keys/query", "keys/upload", "room_keys/version", "thirdparty/protocols"]) {
    const posts = /login|filter|keys/.test(path) && c.chance.is(0.8);
    await c.h2(posts ? "POST" : "GET", `/chat/v3/${path}`, [...fields, token],
      posts ? { body: "{}" } : {});
  }
  await Promise.all(Array.from({ length: c.chance.whole(30, 140) }, (_, i) =>
    c.h2("GET", `/chat/v3/rooms/${i}/state`, [...fields, token])));
  for (let since = 1; ; since++) {
    await c.h2("GET", `/chat/poll?since=s${since}_${c.chance.hex(6)}` +
      "&timeout=30000", [...fields, token]);
    if (c.chance.is(0.3)) {
      await c.h2("PUT", `/chat/v3/rooms/2/send/m${since}`, [...fields, token],
        { body: '{"msgtype":"m.text","body":"hello"}' });
    }
  }
}

// An office's mail clients look for their server where it is not: 404s.
async function autodiscover(c) {
  const outlook = (lane) => Promise.all(["/autodiscover/autodiscover.xml",
    "/Autodiscover/Autodiscover.xml",
    "/autodiscover/autodiscover.json?Email=a%40shop.test&Protocol=ActiveSync",
  ].map((path) => c.h1("POST", path, fieldsOf("outlook"), { lane, lanes: 1,
    body: "<Autodiscover><Request><EMailAddress>a@shop.test</EMailAddress>" +
      "</Request></Autodiscover>" })));
  const thunderbird = (lane) => Promise.all([
    "/.well-known/autoconfig/mail/config-v1.1.xml",
    "/mail/config-v1.1.xml?emailaddress=a%40shop.test",
  ].map((path) => c.h1("GET", path, fieldsOf("thunderbird"),
    { lane, lanes: 1 })));
  const desk = async (number) => {
    const look = c.chance.is(0.75) ? outlook : thunderbird;
    await c.settle(60000);
    for (;;) {
      await look(`desk ${number}`);
      await c.pause(c.chance.spread(15000, 120000));
    }
  };
  await Promise.all(Array.from({ length: c.chance.whole(2, 25) },
    (_, number) => desk(number)));
}

async function webhooks(c) {
  const fields = oneOf(c, ["github", "stripe"]);
  for (;;) {
    for (let n = c.chance.whole(1, 40); n > 0; n--) {
      c.h1("POST", "/rest/hook", fields,
        { body: JSON.stringify({ id: c.chance.hex(30) }), keep: false });
      await c.pause(c.chance.spread(20, 3000));
    }
    await c.pause(c.chance.dwell(40000));
  }
}

// ---- downloads -------------------------------------------------------------

async function gitClone(c) {
  const agent = ["User-Agent",
    `git/2.${c.chance.whole(34, 49)}.${c.chance.whole(0, 3)}`];
  const encoding = ["Accept-Encoding", "deflate, gzip, br, zstd"];
  const version = ["Git-Protocol", "version=2"];
  const fields = [agent, ["Accept", "*/*"], encoding,
    ...(c.chance.is(0.5) ? [["Accept-Language", "en-US, *;q=0.9"]] : []),
    ["Pragma", "no-cache"], version]; // no language without LANG
  await c.settle(20000);
  for (;;) { // a build server: a dozen repositories, fetched one after another
    for (let n = c.chance.whole(4, 30); n > 0; n--) {
      const lane = `g${n % 3}`;
      const repo = `/git/${c.chance.word()}.git`;
      await c.h1("GET", `${repo}/info/refs?service=git-upload-pack`, fields,
        { lane });
      for (const step of ["ls-refs", "fetch"]) {
        await c.h1("POST", `${repo}/git-upload-pack`, [agent, encoding,
          ["Content-Type", "application/x-git-upload-pack-request"],
          ["Accept", "application/x-git-upload-pack-result"], version],
        { lane, body: `0014command=${step}\n`
          .padEnd(c.chance.whole(150, 1500), "0") });
      }
      await c.pause(c.chance.spread(50, 3000));
    }
    await c.pause(c.chance.between(20000, 90000));
  }
}

async function containerPull(c) {
  const fields = fieldsOf("docker");
  await c.settle(60000);
  for (;;) {
    const image = `/v2/${c.chance.word()}/${c.chance.word()}`;
    await c.h1("GET", "/v2/", fields);
    await c.h1("HEAD", `${image}/manifests/latest`, fields);
    await c.h1("GET", `${image}/manifests/sha256:${c.chance.hex(64)}`, fields);
    await Promise.all(Array.from({ length: c.chance.whole(5, 30) }, () =>
      c.h1("GET", `${image}/blobs/sha256:${c.chance.hex(64)}`, fields,
        { lane: "blobs", lanes: 3 })));
    await c.pause(c.chance.spread(5000, 90000));
  }
}

async function packageMirror(c) {
  const fields = fieldsOf("apt");
  await c.settle(30000);
  for (;;) {
    for (const suite of ["bookworm", "bookworm-updates", "bookworm-security"]) {
      for (const file of ["InRelease", "main/binary-amd64/Packages.xz"]) {
        await c.h1("GET", `/debian/dists/${suite}/${file}`, fields,
          { lanes: 1 });
      }
    }
    for (let n = c.chance.whole(0, 150); n > 0; n--) {
      const name = c.chance.word();
      await c.h1("GET", `/debian/pool/main/${name}_1.${n}_amd64.deb`,
        fieldsOf("apt-deb"), { lanes: 1 });
    }
    await c.pause(c.chance.spread(20000, 100000));
  }
}

// One drags and zooms a map on another site: a screenful of tiles each time.
async function mapTiles(c) {
  const fields = fieldsOf("map-firefox");
  const seen = new Set();
  let [zoom, x, y] = [12, 2100, 1400];
  const isApp = c.chance.is(0.3); // a telephone's map app: fewer fields, h1
  for (let move = 0; ; move++) {
    const tiles = [];
    for (let i = 0; i < (isApp ? 4 : 6); i++) {
      for (let j = 0; j < 4; j++) {
        const tile = `/tiles/${zoom}/${x + i}/${y + j}.png`;
        if (!seen.has(tile)) {
          seen.add(tile);
          tiles.push(isApp ? c.h1("GET", tile, fieldsOf("okhttp-old"))
            : c.h2("GET", tile, fields));
        }
      }
    }
    await Promise.all(tiles);
    await c.pause(c.chance.is(0.75) ? c.chance.between(300, 1800)
      : c.chance.dwell(12000));
    if (c.chance.is(0.3)) {
      const closer = zoom < 17 && (zoom < 9 || c.chance.is(0.5));
      zoom += closer ? 1 : -1;
      [x, y] = closer ? [x * 2, y * 2] : [x >> 1, y >> 1];
    }
    else {
      x += c.chance.whole(-2, 2);
      y += c.chance.whole(-2, 2);
    }
  }
}

async function hls(c) {
  const fields = oneOf(c, ["ios-video", "vlc", "stagefright"]);
  const seen = new Set();
  const stream = c.chance.word();
  const until = Date.now() + c.chance.between(60000, 600000);
  while (Date.now() < until) {
    const list = await c.h1("GET", `/live/${stream}/index.m3u8`, fields);
    for (const [, name] of list.text.matchAll(/^(\d+\.ts)$/gm)) {
      if (!seen.has(name)) {
        seen.add(name);
        await c.h1("GET", `/live/${stream}/${name}`, fields);
      }
    }
    await c.pause(c.chance.between(3800, 4200));
  }
}

async function dash(c) {
  const fields = fieldsOf("dash-chrome");
  const film = `/dash/${c.chance.word()}`;
  const part = (n) => Promise.all(["video", "audio"].map((track) =>
    c.h2("GET", `${film}/${track}-${n}.m4s`, fields)));
  await c.h2("GET", `${film}/manifest.mpd`, fields);
  for (let n = 0; n < 15; n++) { // fills its buffer
    await part(n);
  }
  for (let n = 15; ; n++) {
    if (c.chance.is(0.03)) { // somebody skips ahead
      n += 40;
      for (let i = 0; i < 8; i++) {
        await part(n++);
      }
    }
    await part(n);
    await c.pause(c.chance.between(1900, 2100));
  }
}

// ---- fetchers, monitors, crawlers -----------------------------------------

function previews(burst) {
  return async (c) => {
    const fields = oneOf(c, ["slack", "whatsapp", "facebook", "telegram",
      "mastodon"]);
    for (;;) {
      for (let n = c.chance.whole(...burst); n > 0; n--) {
        await c.h1("GET", c.chance.pick(["/", "/gallery", "/product/mug-rust",
          "/product/vase-celadon", "/list"]), fields, { keep: false });
        await c.h1("GET", c.chance.pick(["/img/mug-rust.svg", "/hero.webp",
          "/icon-180.png"]), fields, { keep: false });
        await c.pause(c.chance.spread(30, 2000));
      }
      await c.pause(c.chance.dwell(60000));
    }
  };
}

async function mailProxy(c) {
  const fields = oneOf(c, ["google-images", "yahoo-mail", "apple-mail"]);
  for (;;) { // a newsletter goes out: its pictures and links, for many boxes
    for (let n = c.chance.whole(3, 50); n > 0; n--) {
      await c.h1("GET", c.chance.is(0.8)
        ? `/hero.webp?m=${c.chance.hex(10)}`
        : `/product/teapot-celadon?utm_source=news&r=${c.chance.hex(10)}`,
      fields);
      await c.pause(c.chance.spread(20, 2500));
    }
    await c.pause(c.chance.dwell(50000));
  }
}

function monitor(programs, [low, high], paths, method = "GET") {
  return async (c) => {
    const fields = oneOf(c, programs);
    const path = c.chance.pick(paths);
    await every(c, [low, high], () =>
      c.h1(method, path, fields, { keep: false }), 0.002);
  };
}

const LINKS = /(?:href|src)="(\/[^"#]*)"/g;

function crawler(program, [low, high], isH2 = false) {
  return async (c) => {
    const fields = fieldsOf(program);
    const ask = (path) => isH2 ? c.h2("GET", path, fields)
      : c.h1("GET", path, fields, { lanes: 1 });
    const seen = new Set();
    const wait = c.chance.spread(low, high) * 1000;
    let queue = ["/"];
    await ask("/robots.txt");
    for (;;) {
      const path = queue.shift() ?? c.chance.pick([...seen]);
      const answer = await ask(path);
      seen.add(path);
      for (const [, link] of answer.text.matchAll(LINKS)) {
        if (!seen.has(link) && !queue.includes(link) && link !== "/cart" &&
            (c.chance.is(0.35) || !/\.\w+$/.test(link))) {
          queue.push(link);
        }
      }
      queue = c.chance.shuffle(queue);
      await c.pause(wait * c.chance.between(0.4, 2.5));
    }
  };
}

// name: [class, clients of a full run, play]
export const PROGRAMS = {
  feed_reader: ["app_client", 12,
    feeds(["freshrss", "tt-rss", "feedbin", "feedly"], [6, 60])],
  feed_reader_desktop: ["app_client", 8,
    feeds(["thunderbird-feeds", "netnewswire", "newsboat", "miniflux"],
      [5, 50])],
  podcast: ["app_client", 6, podcast],
  sync_propfind: ["app_client", 8, nextcloud],
  sync_caldav: ["app_client", 7, caldav],
  phone_posts_only: ["app_client", 12, phonePosts],
  phone_graphql: ["app_client", 7, graphql],
  api_client_no_accept_language: ["app_client", 10,
    apiClient(["requests", "axios", "go"], [0.05, 2])],
  api_client_java: ["app_client", 7,
    apiClient(["okhttp", "java", "guzzle", "httpx"], [0.05, 2])],
  chat_login: ["app_client", 6, chatLogin],
  office_autodiscover: ["app_client", 6, autodiscover],
  webhook_sender: ["app_client", 6, webhooks],
  git_clone: ["app_client", 5, gitClone],
  container_pull: ["app_client", 5, containerPull],
  package_mirror: ["app_client", 4, packageMirror],
  map_tiles: ["app_client", 6, mapTiles],
  hls_video: ["app_client", 7, hls],
  dash_video: ["app_client", 5, dash],
  link_preview: ["app_client", 10, previews([1, 4])],
  link_preview_burst: ["app_client", 5, previews([10, 60])],
  mail_proxy_prefetch: ["mail_proxy", 9, mailProxy],
  uptime_monitor: ["monitor", 10,
    monitor(["uptime-kuma", "uptimerobot"], [20, 60],
      ["/", "/list", "/about"])],
  health_check: ["monitor", 6,
    monitor(["haproxy", "kubelet"], [1, 10],
      ["/", "/api/kiln", "/robots.txt"])],
  blackbox_monitor: ["monitor", 7,
    monitor(["blackbox", "check_http", "pingdom"], [5, 60],
      ["/", "/feed.xml", "/contact"])],
  head_monitor: ["monitor", 4,
    monitor(["curl-debian"], [5, 60], ["/"], "HEAD")],
  googlebot: ["verified_crawler", 6, crawler("googlebot", [1, 8])],
  bingbot: ["verified_crawler", 5, crawler("bingbot", [2, 10], true)],
};
