// SPDX-License-Identifier: Apache-2.0
//
// Swarms, their twins, and the ordinary newcomers beside them: the same as in
// t/unit/swarms.c, as bytes. README.md tells who.
//
// A visitor is { at, who, play }: after `at` seconds `play(v)` asks for what it
// wants by `v.get(path, sort, referer)`, which gives a status, and waits by
// `v.sleep(seconds)`.

import { FAMILIES } from "./browser.mjs";
import { HOST } from "./client.mjs";

const WORDS = ["lamps", "chairs", "desks", "shelves", "beds", "rugs", "clocks",
  "mirrors", "plants", "vases", "knives", "pans", "cups", "plates", "towels",
  "blankets", "pillows", "toys", "tools", "paints"];
export const PAGES = WORDS.flatMap((word) =>
  Array.from({ length: 20 }, (_, n) => `/${word}/${n + 1}.html`));
export const SLOW_PAGES = Array.from({ length: 12 },
  (_, n) => `/slow/${n + 1}.html`);
export const ASSETS = Array.from({ length: 10 }, (_, n) =>
  `/static/${n < 3 ? `style${n}.css` : `image${n}.png`}`);
export const APP_PATH = "/app/feed.html";

// ---- addresses --------------------------------------------------------------

export class Addresses {
  #met = new Set();
  #nets;

  constructor(chance) {
    this.chance = chance;
    this.#nets = Array.from({ length: 4000 }, () =>
      `${chance.pick([11, 23, 37, 46, 52, 63, 78, 84, 91, 95, 104, 109, 122,
        138, 151, 163, 176, 181, 193, 201, 212])}.${chance.whole(0, 255)}`);
  }

  #new(net) {
    for (;;) {
      const address = `${net()}.${this.chance.whole(0, 255)}.` +
        this.chance.whole(1, 254);
      if (!this.#met.has(address)) {
        this.#met.add(address);
        return address;
      }
    }
  }

  // Of four thousand networks, the larger ones more often.
  anywhere() {
    return this.#new(() => this.#nets[Math.floor(4000 * this.chance.draw() ** 2)]);
  }

  // Of so many.
  among(n) {
    return this.#new(() => `13.${this.chance.whole(0, n - 1)}`);
  }
}

// ---- header fields ----------------------------------------------------------

const SORTS = { page: "page", asset: "image" };

function browserFields(chance) {
  const b = FAMILIES[chance.pick(["chrome", "chrome", "chrome", "android",
    "android", "firefox", "safari"])](chance);
  b.isH2 = false;
  return (sort, referer) => b.fieldsOf(b, SORTS[sort], { referer,
    site: referer === undefined ? "none"
      : referer.includes(`//${HOST}/`) ? "same-origin" : "cross-site",
  }).filter((field) => field !== null);
}

const NEXUS = "Mozilla/5.0 (Linux; Android 6.0; Nexus 5 Build/MRA58N) " +
  "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/65.0.3325.181 Mobile " +
  "Safari/537.36";
const withReferer = (fields, referer) => referer === undefined ? fields
  : [...fields, ["Referer", referer]];
const plain = (agent, more = []) => (sort, referer) => withReferer(
  [["User-Agent", agent], ["Accept", "*/*"], ["Accept-Encoding", "gzip"],
    ...more], referer);

// One of many header sets: which fields there are, in which order, and a
// browser's name of its own.
function printNumber(n, agentNumber) {
  const fields = [["Accept", "text/html,*/*;q=0.8"],
    ["Accept-Language", "en-US,en;q=0.9"], ["Accept-Encoding", "gzip, deflate"],
    ["Connection", "keep-alive"], ["DNT", "1"], ["Upgrade-Insecure-Requests", "1"]];
  const agent = ["User-Agent", `Mozilla/5.0 (X11; Linux x86_64; ` +
    `v${String.fromCharCode(97 + n % 26)}${String.fromCharCode(97 + n / 26)}) ` +
    `AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${100 + agentNumber}.0.0.0 ` +
    "Safari/537.36"];
  const turned = [...fields.slice(n % 6), ...fields.slice(0, n % 6)]
    .filter((_, i) => i === 0 || (n >> (i % 3)) % 2 === 0 || i > 3);
  turned.splice(n % (turned.length + 1), 0, agent);
  return (_, referer) => withReferer(turned, referer);
}

// ---- what they do -----------------------------------------------------------

const about = (chance, mean) => -mean * Math.log(1 - chance.draw());
const own = (path) => `http://${HOST}${path}`;

// A person with one to three pages; one in twelve has everything cached.
function person(chance, address, path, referer, pages = PAGES) {
  const fields = browserFields(chance);
  const cached = chance.is(1 / 12);
  const n = 1 + chance.is(0.4) + chance.is(0.2);
  return { address, fields, isCached: cached, async play(v) {
    let [at, from] = [path, referer];
    for (let i = 0; i < n; i++) {
      if (await v.get(at, "page", from) === 429) {
        return; // reads why
      }
      const assets = cached ? 0 : chance.whole(2, 9);
      const page = at;
      await Promise.all(Array.from({ length: assets }, async (_, k) => {
        await v.sleep(0.05 + about(chance, 0.6));
        await v.get(ASSETS[k % ASSETS.length], "asset", own(page));
      }));
      [at, from] = [chance.pick(pages), own(page)];
      await v.sleep(3 + about(chance, 20));
    }
  } };
}

function asker(chance, address, fields, pathOf, referer, n) {
  return { address, fields, async play(v) {
    for (let i = 0; i < n; i++) {
      await v.get(pathOf(), "page", referer);
      await v.sleep(0.5 + about(chance, 5));
    }
  } };
}

const SEARCH = (chance) => `/search/${chance.hex(12)}`;
const FOREIGN = "https://news.example/item/4711";

const member = (fieldsOf, pathOf, refererOf = () => undefined) => (chance, from) =>
  asker(chance, from.anywhere(), fieldsOf(chance), () => pathOf(chance),
    refererOf(chance), chance.whole(1, 3));
const few = (chance) => PAGES[chance.whole(0, 9)];
const any = (chance) => chance.pick(PAGES);
const crowd = (path, refererOf, pages) => (chance, from) =>
  person(chance, from.anywhere(), path(chance), refererOf(chance), pages);

// Each makes one who takes part. isSwarm: nobody is a person.
export const KINDS = {
  one_print: { isSwarm: true, make: member(() => plain(NEXUS), few) },
  many_prints: { isSwarm: true, make: member((chance) =>
    printNumber(chance.whole(0, 199), chance.whole(0, 2)), any) },
  versions: { isSwarm: true, make: member((chance) => plain(NEXUS.replace(
    "65.0.3325.181", `${chance.whole(60, 99)}.0.${chance.whole(1000, 9999)}.` +
    chance.whole(0, 199))), few) },
  paths: { isSwarm: true, make: member((chance) => plain(chance.pick([NEXUS,
    NEXUS.replace("Nexus", "Pixel"), NEXUS.replace("Nexus", "Moto")])), SEARCH) },
  referer: { isSwarm: true, make: member(() => plain(NEXUS), few,
    () => own("/")) },
  drip: { isSwarm: true, addresses: 3000, seconds: 6 * 3600, everyS: 10,
    pace: 120, make: member(() => plain(NEXUS), few) },
  newsletter: { make: crowd(() => PAGES[3], (chance) =>
    chance.is(0.85) ? undefined : "https://mail.example/") },
  aggregator: { make: crowd(() => PAGES[3], () => FOREIGN) },
  launch: { make: crowd((chance) => chance.pick(SLOW_PAGES), (chance) =>
    chance.is(0.5) ? FOREIGN : undefined, SLOW_PAGES) },
  mail_proxies: { make: (chance, from) => asker(chance, from.among(30),
    plain("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via " +
      "ggpht.com GoogleImageProxy)"), () => PAGES[3], undefined, 1) },
  crawl: { make: (chance, from) => asker(chance, from.among(15),
    plain("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; " +
      "Googlebot/2.1; +http://www.google.com/bot.html) Chrome/141.0.0.0 " +
      "Safari/537.36"), () => any(chance), undefined, 1) },
};

// The ordinary newcomers beside it.
export function ordinary(chance, from) {
  const kind = chance.draw();
  if (kind < 0.7) {
    return { who: "people beside it", ...person(chance, from.anywhere(),
      chance.is(0.5) ? "/" : any(chance),
      chance.is(0.5) ? undefined : FOREIGN) };
  }
  if (kind < 0.9) {
    return { who: "programs beside it", ...asker(chance, from.anywhere(),
      plain(`Mozilla/5.0 (compatible) ${chance.pick(WORDS)}Bot/1.0`),
      () => any(chance), undefined, 1) };
  }
  return { who: "an app beside it", ...asker(chance, from.anywhere(),
    plain(`ShopApp/${chance.whole(1, 3)} okhttp/4.12.0`), () => APP_PATH,
    undefined, 1) };
}
