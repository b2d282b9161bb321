// SPDX-License-Identifier: Apache-2.0
//
// Programs that work for people: readers, syncing, monitors, apps, crawlers.
// Header fields are those of the named program.

const AE = ["Accept-Encoding", "gzip, deflate"];
const ANY = ["Accept", "*/*"];

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

// agents: [User-Agent, extra fields]; conditional once it knows an ETag.
function feeds(agents, paths, seconds) {
  return async (c) => {
    const [agent, more] = c.chance.pick(agents);
    const path = c.chance.pick(paths);
    let etag;
    await every(c, seconds, async (n) => {
      const fields = [["User-Agent", agent], ...more];
      const answer = await c.h1("GET", path, etag
        ? [...fields, ["If-None-Match", etag]] : fields, { keep: false });
      etag = answer.headers.etag;
      if (n === 0) { // it is new here: a picture for the list, then the entries
        await c.h1("GET", "/favicon.ico", fields, { keep: false });
      }
      if (n % 4 === 0 && c.chance.is(0.6)) {
        for (const [, link] of [...answer.text.matchAll(/<link href="(\/p[^"]+)"/g)]
          .slice(0, c.chance.whole(1, 6))) {
          await c.h1("GET", link, fields, { keep: false });
        }
      }
    });
  };
}

const SERVER_READERS = [
  ["FreshRSS/1.26.3 (Linux; https://freshrss.org)",
    [["Accept", "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, text/html;q=0.7, */*;q=0.6"],
      ["Accept-Encoding", "deflate, gzip, br, zstd"]]],
  ["Tiny Tiny RSS/24.06 (https://tt-rss.org/)", [ANY, ["Accept-Encoding", "gzip"],
    ["Connection", "Keep-Alive"]]],
  ["Feedbin feed-id:1093877 - 4 subscribers", [["Accept-Encoding", "gzip"],
    ["Accept", "application/atom+xml,application/rdf+xml,application/rss+xml,application/x-rss+xml,application/xml,text/xml"]]],
  ["Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers; like FeedFetcher-Google)",
    [["Accept-Encoding", "gzip, deflate"], ["Cache-Control", "max-age=21600"]]],
];
const DESKTOP_READERS = [
  ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.10.0",
    [["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
      ["Accept-Language", "en-US,en;q=0.5"], ["Accept-Encoding", "gzip, deflate, br"],
      ["Connection", "keep-alive"]]],
  ["NetNewsWire (RSS Reader; https://netnewswire.com/)", [ANY,
    ["Accept-Language", "en-GB,en;q=0.9"], ["Accept-Encoding", "gzip, deflate, br"]]],
  ["newsboat/2.32.0 (Linux x86_64)", [ANY, ["Accept-Encoding", "gzip, deflate"]]],
  ["Mozilla/5.0 (compatible; Miniflux/2.2.9; +https://miniflux.app)",
    [["Accept", "application/rss+xml,application/atom+xml,application/feed+json,text/html,*/*;q=0.9"],
      ["Accept-Encoding", "br, gzip"], ["Connection", "close"]]],
];

async function podcast(c) {
  const [agent, more] = c.chance.pick([
    ["AntennaPod/3.7.1", [["Accept-Encoding", "identity"], ["Connection", "Keep-Alive"]]],
    ["Podcasts/4025.110.1 CFNetwork/3826.500.111 Darwin/24.4.0",
      [ANY, ["Accept-Language", "en-US,en;q=0.9"], ["Accept-Encoding", "identity"],
        ["Connection", "keep-alive"]]],
    ["Overcast/3.0 (+http://overcast.fm/; iOS podcast app)",
      [ANY, ["Accept-Encoding", "gzip"], ["Connection", "keep-alive"]]]]);
  const fields = [["User-Agent", agent], ...more];
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
  const fields = [["Authorization", `Basic ${c.chance.hex(24)}`],
    ["User-Agent", "Mozilla/5.0 (Linux) mirall/3.16.4-1 (Nextcloud, debian-6.1.0 ClientArchitecture: x86_64 OsArchitecture: x86_64)"],
    ANY, ["X-Request-ID", "0"], ["Cookie", `nc_sameSiteCookielax=true; oc_sessionPassphrase=${c.chance.hex(20)}; ocid=${c.chance.hex(26)}`],
    ["Connection", "Keep-Alive"], ["Accept-Encoding", "gzip, deflate"],
    ["Accept-Language", "en-US,*"]];
  const ask = (method, path, body) => {
    fields[3] = ["X-Request-ID", `${c.chance.hex(8)}-${c.chance.hex(4)}`];
    return c.h1(method, path, body === undefined ? fields : [...fields,
      ["Content-Type", "application/xml; charset=utf-8"], ["Depth", "1"]], { body });
  };
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
  const fields = c.chance.pick([
    [["User-Agent", "DAVx5/4.4.11-ose (dav4jvm; okhttp/5.0.0) Android/15"],
      ["Accept-Language", "en-US, en;q=0.7, *;q=0.5"], ["Accept-Encoding", "gzip"],
      ["Connection", "Keep-Alive"]],
    [["Accept", "*/*"], ["User-Agent", "iOS/18.5 (22F76) dataaccessd/1.0"],
      ["Accept-Language", "en-GB,en;q=0.9"], ["Accept-Encoding", "gzip, deflate"],
      ["Brief", "t"], ["Prefer", "return=minimal"], ["Connection", "keep-alive"]]]);
  const ask = (method, path) => c.h1(method, path, [...fields,
    ["Authorization", `Basic ${"YWRhOmtpbG4="}`],
    ["Content-Type", "text/xml; charset=utf-8"], ["Depth", "1"]],
  { body: "<propfind xmlns='DAV:'><prop><getctag/><sync-token/></prop></propfind>" });
  const user = `/dav/calendars/${c.chance.word()}`;
  await c.settle(20000);
  for (;;) {
    const answer = await c.h1("PROPFIND", `${user}/`, [...fields, ["Depth", "0"]]);
    if (answer.status === 0) { continue; }
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

const OKHTTP = (version) => [["Accept-Encoding", "gzip"],
  ["User-Agent", `okhttp/${version}`], ["Connection", "Keep-Alive"]];

// A telephone's app that only ever POSTs.
async function phonePosts(c) {
  const fields = c.chance.pick([OKHTTP("4.12.0"),
    [["Accept", "application/json"], ["User-Agent", "Studio/412 CFNetwork/1568.300.101 Darwin/24.2.0"],
      ["Accept-Language", "en-US,en;q=0.9"], ["Accept-Encoding", "gzip, deflate, br"],
      ["Connection", "keep-alive"]],
    [["user-agent", "Dart/3.5 (dart:io)"], ["accept-encoding", "gzip"]]]);
  const token = ["Authorization", `Bearer ${c.chance.hex(40)}`];
  const post = (path) => c.h1("POST", path, [...fields, token,
    ["Content-Type", "application/json; charset=utf-8"]],
  { body: JSON.stringify({ id: c.chance.hex(8), at: Date.now(),
    text: "x".repeat(c.chance.whole(10, 900)) }) });
  for (;;) { // looks at the app for a while, puts it away
    for (let n = c.chance.whole(4, 30); n > 0; n--) {
      await post(c.chance.pick(["/rest/rpc", "/rest/rpc", "/rest/events", "/rest/sync"]));
      await c.pause(c.chance.is(0.6) ? c.chance.between(40, 300) : c.chance.dwell(4000));
    }
    await c.pause(c.chance.dwell(40000));
  }
}

async function graphql(c) {
  const fields = [["accept", "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json"],
    ["content-type", "application/json"], ["user-agent", "Potter/7.2.0 (iPhone; iOS 18.5; Scale/3.00)"],
    ["apollographql-client-name", "ios"], ["accept-language", "en-GB;q=1.0"],
    ["accept-encoding", "br;q=1.0, gzip;q=0.9, deflate;q=0.8"]];
  const ask = (name) => c.h2("POST", "/rest/graphql", fields,
    { body: JSON.stringify({ operationName: name, variables: { n: c.chance.whole(1, 99) },
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
function apiClient(agents, [low, high]) {
  return async (c) => {
    const [agent, accept, more] = c.chance.pick(agents);
    const fields = [["User-Agent", agent], ...accept, ...more,
      ["Authorization", `Bearer kiln${c.chance.hex(20)}`]];
    const wait = c.chance.spread(low, high) * 1000;
    for (;;) {
      for (let page = 0, pages = c.chance.whole(2, 12); page < pages; page++) {
        await c.h1("GET", `/rest/items?limit=50&page=${page}`, fields, { lanes: 1 });
        for (let n = c.chance.whole(0, 12); n > 0; n--) {
          await c.h1("GET", `/rest/items/${c.chance.whole(1, 4000)}`, fields, { lanes: 1 });
          await c.pause(wait * c.chance.between(0.6, 1.4));
        }
        if (c.chance.is(0.3)) {
          await c.h1(c.chance.pick(["POST", "PUT", "PATCH"]), "/rest/items/7",
            [...fields, ["Content-Type", "application/json"]], { body: '{"stock":4}', lanes: 1 });
        }
      }
      await c.pause(c.chance.between(5000, 60000));
    }
  };
}

const REQUESTS = ["python-requests/2.32.3", [AE, ANY], [["Connection", "keep-alive"]]];
const HTTPX = ["python-httpx/0.27.2", [ANY, AE], [["Connection", "keep-alive"]]];
const AXIOS = ["axios/1.7.9", [["Accept", "application/json, text/plain, */*"],
  ["Accept-Encoding", "gzip, compress, deflate, br"]], [["Connection", "keep-alive"]]];
const GO = ["Go-http-client/1.1", [["Accept-Encoding", "gzip"]], []];
const OK = ["okhttp/4.12.0", [["Accept-Encoding", "gzip"]], [["Connection", "Keep-Alive"]]];
const JAVA = ["Java-http-client/21.0.4", [], []];
const GUZZLE = ["GuzzleHttp/7", [], []];

async function chatLogin(c) {
  const fields = [["User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Element/1.11.100 Chrome/134.0.6998.205 Electron/35.1.5 Safari/537.36"],
    ANY, ["Accept-Language", "en-US"], ["Sec-Fetch-Site", "cross-site"],
    ["Sec-Fetch-Mode", "cors"], ["Sec-Fetch-Dest", "empty"],
    ["Accept-Encoding", "gzip, deflate, br, zstd"]];
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
    await c.h2("GET", `/chat/poll?since=s${since}_${c.chance.hex(6)}&timeout=30000`,
      [...fields, token]);
    if (c.chance.is(0.3)) {
      await c.h2("PUT", `/chat/v3/rooms/2/send/m${since}`, [...fields, token],
        { body: '{"msgtype":"m.text","body":"hello"}' });
    }
  }
}

// An office's mail clients look for their server where it is not: 404s.
async function autodiscover(c) {
  const outlook = [["User-Agent", "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"],
    ["X-MS-CookieUri-Requested", "t"], ["X-FeatureVersion", "1"],
    ["Content-Type", "text/xml"], ["Accept-Encoding", "gzip, deflate"]];
  const thunderbird = [["User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.10.0"],
    ["Accept", "text/xml"], ["Accept-Language", "en-US,en;q=0.5"],
    ["Accept-Encoding", "gzip, deflate, br"], ["Connection", "keep-alive"]];
  await Promise.all(Array.from({ length: c.chance.whole(2, 25) }, async (_, desk) => {
    const isOutlook = c.chance.is(0.75);
    await c.settle(60000);
    for (;;) {
      if (isOutlook) {
        for (const path of ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml",
          "/autodiscover/autodiscover.json?Email=a%40shop.test&Protocol=ActiveSync"]) {
          await c.h1("POST", path, outlook, { lane: String(desk),
            body: "<Autodiscover><Request><EMailAddress>a@shop.test</EMailAddress></Request></Autodiscover>" });
        }
      }
      else {
        await c.h1("GET", "/.well-known/autoconfig/mail/config-v1.1.xml", thunderbird,
          { lane: String(desk) });
        await c.h1("GET", "/mail/config-v1.1.xml?emailaddress=a%40shop.test", thunderbird,
          { lane: String(desk) });
      }
      await c.pause(c.chance.spread(15000, 120000));
    }
  }));
}

async function webhooks(c) {
  const [agent, more] = c.chance.pick([
    ["GitHub-Hookshot/044aadd", [ANY, ["X-GitHub-Event", "push"], ["X-Hub-Signature-256", "sha256=0"]]],
    ["Stripe/1.0 (+https://stripe.com/docs/webhooks)", [["Accept", "*/*; q=0.5, application/xml"],
      ["Stripe-Signature", "t=1"], ["Cache-Control", "no-cache"]]]]);
  for (;;) {
    for (let n = c.chance.whole(1, 40); n > 0; n--) {
      c.h1("POST", "/rest/hook", [["User-Agent", agent], ...more,
        ["Content-Type", "application/json"]],
      { body: JSON.stringify({ id: c.chance.hex(30) }), keep: false });
      await c.pause(c.chance.spread(20, 3000));
    }
    await c.pause(c.chance.dwell(40000));
  }
}

// ---- downloads -------------------------------------------------------------

async function gitClone(c) {
  const fields = [["User-Agent", `git/2.${c.chance.whole(34, 49)}.${c.chance.whole(0, 3)}`],
    ANY, ["Accept-Encoding", "deflate, gzip, br"], ["Pragma", "no-cache"],
    ["Git-Protocol", "version=2"]];
  await c.settle(20000);
  for (;;) { // a build server: a dozen repositories, fetched one after another
    for (let n = c.chance.whole(4, 30); n > 0; n--) {
      const lane = `g${n % 3}`;
      const repo = `/git/${c.chance.word()}.git`;
      await c.h1("GET", `${repo}/info/refs?service=git-upload-pack`, fields, { lane });
      for (const step of ["ls-refs", "fetch"]) {
        await c.h1("POST", `${repo}/git-upload-pack`, [fields[0], fields[2],
          ["Content-Type", "application/x-git-upload-pack-request"],
          ["Accept", "application/x-git-upload-pack-result"], fields[4]],
        { body: `0014command=${step}\n`.padEnd(c.chance.whole(150, 1500), "0"), lane });
      }
      await c.pause(c.chance.spread(50, 3000));
    }
    await c.pause(c.chance.between(20000, 90000));
  }
}

async function containerPull(c) {
  const fields = [["User-Agent", "docker/27.5.1 go/go1.22.11 git-commit/4c9b3b0 kernel/6.1.0-37-amd64 os/linux arch/amd64 UpstreamClient(Docker-Client/27.5.1 \\(linux\\))"],
    ["Accept", "application/vnd.oci.image.index.v1+json"], ["Accept-Encoding", "gzip"]];
  await c.settle(60000);
  for (;;) {
    const image = `/v2/${c.chance.word()}/${c.chance.word()}`;
    await c.h1("GET", "/v2/", fields);
    await c.h1("HEAD", `${image}/manifests/latest`, fields);
    await c.h1("GET", `${image}/manifests/sha256:${c.chance.hex(64)}`, fields);
    await Promise.all(Array.from({ length: c.chance.whole(5, 30) }, (_, i) =>
      c.h1("GET", `${image}/blobs/sha256:${c.chance.hex(64)}`, fields, { lane: "blobs", lanes: 3 })));
    await c.pause(c.chance.spread(5000, 90000));
  }
}

async function packageMirror(c) {
  const fields = [["User-Agent", "Debian APT-HTTP/1.3 (2.6.1) non-interactive"],
    ["Cache-Control", "max-age=0"], ["Accept", "text/*"]];
  await c.settle(30000);
  for (;;) {
    for (const suite of ["bookworm", "bookworm-updates", "bookworm-security"]) {
      await c.h1("GET", `/debian/dists/${suite}/InRelease`, fields, { lanes: 1 });
      await c.h1("GET", `/debian/dists/${suite}/main/binary-amd64/Packages.xz`, fields, { lanes: 1 });
    }
    for (let n = c.chance.whole(0, 150); n > 0; n--) {
      const name = c.chance.word();
      await c.h1("GET", `/debian/pool/main/${name[0]}/${name}/${name}_1.${n}_amd64.deb`,
        [fields[0]], { lanes: 1 });
    }
    await c.pause(c.chance.spread(20000, 100000));
  }
}

const MAP_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

// One drags and zooms a map on another site: a screenful of tiles each time.
async function mapTiles(c) {
  const fields = [["User-Agent", MAP_AGENT],
    ["Accept", "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"],
    ["Accept-Language", "en-US,en;q=0.5"], ["Accept-Encoding", "gzip, deflate, br, zstd"],
    ["Referer", "https://hiking.example/"], ["Sec-Fetch-Dest", "image"],
    ["Sec-Fetch-Mode", "no-cors"], ["Sec-Fetch-Site", "cross-site"], ["Priority", "u=5, i"]];
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
          tiles.push(isApp ? c.h1("GET", tile, OKHTTP("3.14.9")) : c.h2("GET", tile, fields));
        }
      }
    }
    await Promise.all(tiles);
    await c.pause(c.chance.is(0.75) ? c.chance.between(300, 1800) : c.chance.dwell(12000));
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
  const fields = c.chance.pick([
    [["Accept", "*/*"], ["User-Agent", "AppleCoreMedia/1.0.0.22F76 (iPhone; U; CPU OS 18_5 like Mac OS X; en_us)"],
      ["Accept-Language", "en-US,en;q=0.9"], ["Accept-Encoding", "identity"],
      ["X-Playback-Session-Id", c.chance.hex(32)], ["Connection", "keep-alive"]],
    [["User-Agent", "VLC/3.0.21 LibVLC/3.0.21"], ["Range", "bytes=0-"], ["Connection", "close"]],
    [["User-Agent", "stagefright/1.2 (Linux;Android 14)"], ["Accept-Encoding", "identity"],
      ["Connection", "Keep-Alive"]]]);
  const seen = new Set();
  const stream = c.chance.word();
  for (const until = Date.now() + c.chance.between(60000, 600000); Date.now() < until;) {
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
  const fields = [["sec-ch-ua-platform", '"Windows"'],
    ["User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"],
    ANY, ["Origin", "https://player.example"], ["Sec-Fetch-Site", "cross-site"],
    ["Sec-Fetch-Mode", "cors"], ["Sec-Fetch-Dest", "empty"], ["Referer", "https://player.example/"],
    ["Accept-Encoding", "gzip, deflate, br, zstd"], ["Accept-Language", "en-US,en;q=0.9"]];
  const film = `/dash/${c.chance.word()}`;
  const part = (n) => Promise.all([c.h2("GET", `${film}/video-${n}.m4s`, fields),
    c.h2("GET", `${film}/audio-${n}.m4s`, fields)]);
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
    const fields = c.chance.pick([
      [["User-Agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"], ["Accept", "*/*"],
        ["Range", "bytes=0-32768"], ["Accept-Encoding", "gzip, deflate"]],
      [["User-Agent", "WhatsApp/2.24.20.89 A"], ["Accept-Encoding", "gzip"]],
      [["Accept", "*/*"], ["Accept-Encoding", "deflate, gzip"], ["Range", "bytes=0-524287"],
        ["User-Agent", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"],
        ["Connection", "close"]],
      [["User-Agent", "TelegramBot (like TwitterBot)"], ["Accept-Encoding", "gzip"]],
      [["User-Agent", "http.rb/5.2.0 (Mastodon/4.3.8; +https://social.example/) Bot"],
        ["Accept", "text/html"], ["Accept-Encoding", "gzip"], ["Connection", "close"]]]);
    for (;;) {
      for (let n = c.chance.whole(...burst); n > 0; n--) {
        await c.h1("GET", c.chance.pick(["/", "/gallery", "/product/mug-rust",
          "/product/vase-celadon", "/list"]), fields, { keep: false });
        await c.h1("GET", c.chance.pick(["/img/mug-rust.svg", "/hero.webp", "/icon-180.png"]),
          fields, { keep: false });
        await c.pause(c.chance.spread(30, 2000));
      }
      await c.pause(c.chance.dwell(60000));
    }
  };
}

async function mailProxy(c) {
  const fields = c.chance.pick([
    [["User-Agent", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"],
      ["Accept", "image/webp,image/apng,image/*,*/*;q=0.8"], ["Accept-Encoding", "gzip, deflate, br"],
      ["Connection", "close"]],
    [["User-Agent", "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"],
      ["Accept-Encoding", "gzip"], ["Connection", "close"]],
    [["User-Agent", "Mozilla/5.0"], ["Accept", "*/*"], ["Accept-Encoding", "gzip, deflate, br"],
      ["Accept-Language", "en-US,en;q=0.9"], ["Connection", "keep-alive"]]]);
  for (;;) { // a newsletter goes out: its pictures and links, for many boxes
    for (let n = c.chance.whole(3, 50); n > 0; n--) {
      await c.h1("GET", c.chance.is(0.8)
        ? `/hero.webp?m=${c.chance.hex(10)}`
        : `/product/teapot-celadon?utm_source=news&r=${c.chance.hex(10)}`, fields);
      await c.pause(c.chance.spread(20, 2500));
    }
    await c.pause(c.chance.dwell(50000));
  }
}

function monitor(agents, [low, high], paths, method = "GET") {
  return async (c) => {
    const fields = c.chance.pick(agents);
    const path = c.chance.pick(paths);
    await every(c, [low, high], () => c.h1(method, path, fields, { keep: false }), 0.002);
  };
}

const KUMA = [["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.9"],
  ["User-Agent", "Uptime-Kuma/1.23.16"], ["Accept-Encoding", "gzip, compress, deflate, br"], ["Connection", "close"]];
const ROBOT = [["User-Agent", "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"],
  ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"],
  ["Accept-Language", "en-US,en;q=0.8"], ["Accept-Encoding", "gzip, deflate, br"], ["Connection", "close"]];
const HAPROXY = [["User-Agent", "HAProxy/HealthCheck"], ["Connection", "close"]];
const KUBE = [["User-Agent", "kube-probe/1.31"], ["Accept", "*/*"], ["Connection", "close"]];
const BLACKBOX = [["User-Agent", "Blackbox Exporter/0.25.0"], ["Accept-Encoding", "gzip"]];
const CHECK_HTTP = [["User-Agent", "check_http/v2.3.3 (monitoring-plugins 2.3.3)"], ["Connection", "close"]];
const PINGDOM = [["User-Agent", "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)"],
  ["Accept-Encoding", "gzip, deflate"], ["Connection", "close"]];

function crawler(fields, [low, high], isH2 = false) {
  return async (c) => {
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
      for (const [, link] of answer.text.matchAll(/(?:href|src)="(\/[^"#]*)"/g)) {
        if (!seen.has(link) && !queue.includes(link) && !link.startsWith("/cart") &&
            (c.chance.is(0.35) || !/\.\w+$/.test(link))) {
          queue.push(link);
        }
      }
      queue = c.chance.shuffle(queue);
      await c.pause(wait * c.chance.between(0.4, 2.5));
    }
  };
}

const GOOGLEBOT = [["Connection", "keep-alive"],
  ["Accept", "text/html,application/xhtml+xml,application/signed-exchange;v=b3,application/xml;q=0.9,*/*;q=0.8"],
  ["From", "googlebot(at)googlebot.com"],
  ["User-Agent", "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.7390.122 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"],
  ["Accept-Encoding", "gzip, deflate, br"]];
const BINGBOT = [["Cache-Control", "no-cache"], ["Pragma", "no-cache"], ["Accept", "*/*"],
  ["From", "bingbot(at)microsoft.com"], ["Accept-Encoding", "gzip, deflate, br"],
  ["User-Agent", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36"]];

// name: [class, clients of a full run, play]
export const PROGRAMS = {
  feed_reader: ["app_client", 12, feeds(SERVER_READERS, ["/feed.xml"], [6, 60])],
  feed_reader_desktop: ["app_client", 8, feeds(DESKTOP_READERS, ["/feed.xml"], [5, 50])],
  podcast: ["app_client", 6, podcast],
  sync_propfind: ["app_client", 8, nextcloud],
  sync_caldav: ["app_client", 7, caldav],
  phone_posts_only: ["app_client", 12, phonePosts],
  phone_graphql: ["app_client", 7, graphql],
  api_client_no_accept_language: ["app_client", 10, apiClient([REQUESTS, AXIOS, GO], [0.05, 2])],
  api_client_java: ["app_client", 7, apiClient([OK, JAVA, GUZZLE, HTTPX], [0.05, 2])],
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
  uptime_monitor: ["monitor", 10, monitor([KUMA, ROBOT], [20, 60], ["/", "/list", "/about"])],
  health_check: ["monitor", 6, monitor([HAPROXY, KUBE], [1, 10], ["/", "/api/kiln", "/robots.txt"])],
  blackbox_monitor: ["monitor", 7, monitor([BLACKBOX, CHECK_HTTP, PINGDOM], [5, 60],
    ["/", "/feed.xml", "/contact"])],
  head_monitor: ["monitor", 4, monitor([[["User-Agent", "curl/7.88.1"], ["Accept", "*/*"]]], [5, 60], ["/"], "HEAD")],
  googlebot: ["verified_crawler", 6, crawler(GOOGLEBOT, [1, 8])],
  bingbot: ["verified_crawler", 5, crawler(BINGBOT, [2, 10], true)],
};
