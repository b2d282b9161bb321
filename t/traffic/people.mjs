// SPDX-License-Identifier: Apache-2.0
//
// People at imitated browsers. Each `play` is what one address does.

import { Browser } from "./browser.mjs";

const WORDS = ["mug", "rust", "celadon", "teapot", "bowl", "blue", "quay",
  "vase", "gannet", "plate", "oatmeal", "heron", "strainer"];
const KINDS = ["mug", "bowl", "vase", "plate", "jug", "teapot"];
const SOURCES = [undefined, "https://www.google.com/", "https://www.bing.com/",
  "https://duckduckgo.com/", "https://old.reddit.com/", "https://t.co/"];

// What one may do on the shop next.
const STEPS = {
  async read(b) {
    const links = b.page.links.filter((l) => !l.startsWith("/cart"));
    await b.visit(links.length > 0 ? b.chance.pick(links) : "/");
  },
  async search(b) {
    const word = b.chance.pick(WORDS);
    await b.type(word);
    await b.visit(`/search?q=${encodeURIComponent(word)}`);
  },
  async browse(b) {
    await b.visit(b.chance.is(0.5) ? "/list"
      : `/list?kind=${b.chance.pick(KINDS)}`);
    await b.scroll(3);
  },
  async buy(b) {
    const slug = `${b.chance.pick(KINDS)}-${b.chance.pick(["rust", "cobalt"])}`;
    await b.visit(`/product/${slug}`);
    await b.look(b.chance.dwell(b.hurry * 5000));
    await b.post("/cart", `add=${slug}`);
  },
  async gallery(b) {
    await b.visit("/gallery");
    await b.scroll(8);
  },
  async firing(b) {
    await b.visit("/firing");
  },
  async write(b) {
    await b.visit("/contact");
    await b.look(b.chance.between(4000, 15000));
    await b.post("/contact", `name=${b.chance.word()}&mail=${b.chance.word()}` +
      `%40example.org&message=${b.chance.word()}+${b.chance.word()}`);
  },
  async login(b) {
    await b.visit("/login");
    for (let wrong = b.chance.pick([0, 0, 0, 1, 2]); wrong > 0; wrong--) {
      await b.look(b.chance.between(3000, 9000));
      await b.post("/login",
        `mail=ada%40example.org&password=${b.chance.word()}`);
    }
    await b.look(b.chance.between(3000, 9000));
    await b.post("/login", "mail=ada%40example.org&password=kiln");
  },
  async back(b) {
    if (b.before) {
      await b.visit(b.before, { user: false });
    }
  },
  async reload(b) {
    await b.visit(new URL(b.page.url).pathname, { reload: true });
  },
};

// Visit the shop: `steps` of STEPS with weights, until `minutes` are over or
// `pages` were seen.
async function shop(b, { steps, mean = 6, pages = 1e9, minutes = 60,
  entry = "/" }) {
  const until = Date.now() + minutes * 60000;
  const names = Object.entries(steps)
    .flatMap(([name, n]) => Array(n).fill(name));
  b.hurry = mean / 6;
  await b.visit(entry, { typed: true, site: "cross-site",
    referer: b.isPlain ? undefined : b.chance.pick(SOURCES) });
  for (let n = 1; n < pages && Date.now() < until; n++) {
    await b.look(b.chance.dwell(mean * 1000));
    b.before = b.page && new URL(b.page.url).pathname;
    await STEPS[b.chance.pick(names)](b);
  }
  await b.look(b.chance.dwell(mean * 1000));
}

const READING = { read: 6, browse: 2, search: 1, back: 2, gallery: 1,
  firing: 1 };
const ANYTHING = { read: 5, browse: 3, search: 3, buy: 3, gallery: 1, login: 1,
  write: 1, back: 3, reload: 1 };

const ENTRIES = ["/", "/", "/list", "/gallery", "/about", "/product/mug-rust",
  "/product/vase-cobalt", "/search?q=teapot"];

function person(family, isH2, habits = {}) {
  return (c) => shop(new Browser(c, family, isH2), { steps: ANYTHING,
    mean: c.chance.spread(2.5, 20), entry: c.chance.pick(ENTRIES),
    minutes: c.chance.spread(1, 8), ...habits });
}

// Several results opened in tabs at once, then read.
async function opensTabs(c) {
  const b = new Browser(c, c.chance.pick(["chrome", "firefox"]),
    c.chance.is(0.5));
  await b.visit("/list", { typed: true });
  for (let n = c.chance.whole(2, 6); n > 0; n--) {
    await b.look(c.chance.dwell(7000));
    const links = c.chance.shuffle(b.page.links)
      .slice(0, c.chance.whole(4, 12));
    for (const link of links) {
      b.visit(link).catch(() => {});
      await c.pause(c.chance.between(120, 700));
    }
    await b.look(c.chance.dwell(25000));
    await b.visit("/list");
  }
}

// A browser starts with the tabs of yesterday.
async function restoresTabs(c) {
  const b = new Browser(c, c.chance.pick(["chrome", "firefox"]),
    c.chance.is(0.5));
  const paths = c.chance.shuffle(KINDS.flatMap((kind) => ["rust", "cobalt",
    "celadon", "oatmeal"].map((glaze) => `/product/${kind}-${glaze}`)));
  b.cookies.set("session", c.chance.hex(40)); // yesterday's
  await Promise.all(paths.slice(0, c.chance.whole(8, 20)).map((path) =>
    b.visit(path, { site: "none", user: false })));
  await b.look(c.chance.dwell(20000));
  await shop(b, { steps: ANYTHING, mean: 8, minutes: c.chance.between(1, 3) });
}

// Nothing seems to happen: F5, F5, F5.
async function reloads(c) {
  const b = new Browser(c, "chrome", c.chance.is(0.5));
  await b.visit("/list", { typed: true });
  for (let n = c.chance.whole(3, 8); n > 0; n--) {
    await b.look(c.chance.dwell(15000));
    for (let i = c.chance.whole(3, 9); i > 0; i--) {
      b.visit("/firing", { reload: true }).catch(() => {});
      await c.pause(c.chance.between(350, 1200));
    }
  }
}

// Hundreds of thumbnails as somebody scrolls, page after page.
function photos(isH2, n) {
  return async (c) => {
    const b = new Browser(c, c.chance.pick(["chrome", "firefox", "safari"]),
      isH2);
    for (let page = 1; page <= 8; page++) {
      await b.visit(`/photos?page=${page}&n=${n}`, { typed: page === 1 });
      await b.scroll(c.chance.whole(6, 40));
      await b.look(c.chance.dwell(8000));
    }
  };
}

// One page with 60 thumbnails, all in view on a large screen.
async function thumbs60(c) {
  const b = new Browser(c, c.chance.pick(["chrome", "safari"]), true);
  for (let page = 1; page <= 12; page++) {
    await b.visit(`/photos?page=${page}&n=60`, { typed: page === 1 });
    await Promise.all(b.page.images.map((image) => b.cache.has(image) ? null
      : b.fetch("image", image, { referer: b.page.url })));
    await b.look(c.chance.dwell(12000));
  }
}

function dashboard(low, high) {
  return async (c) => {
    const b = new Browser(c, c.chance.pick(["chrome", "firefox"]),
      c.chance.is(0.5));
    const hz = c.chance.between(low, high);
    const posts = c.chance.is(0.4);
    await b.visit(`/board?hz=${Math.round(hz)}`, { typed: true });
    for (let n = c.chance.spread(60, 300) * hz; n > 0; n--) {
      b.fetch("api", posts ? "/rest/query" : "/api/kiln",
        { referer: b.page.url, ...(posts && { method: "POST",
          type: "application/json", body: '{"from":"now-5m","to":"now"}' }) });
      await c.pause(1000 / hz + c.chance.between(-4, 8));
    }
  };
}

// A single-page app that fetches what one might look at next.
async function prefetches(c) {
  const b = new Browser(c, c.chance.pick(["chrome", "safari", "firefox"]),
    true);
  for (let view = 0; view < 10; view++) {
    if (view === 0) {
      await b.visit("/spa", { typed: true });
    }
    const from = view * 60;
    await b.fetch("api", `/rest/items?limit=60&page=${view}`,
      { referer: b.page.url });
    await Promise.all(Array.from({ length: c.chance.whole(20, 60) }, (_, i) =>
      b.fetch("api", `/rest/items/${from + i}`, { referer: b.page.url })));
    await c.pause(c.chance.dwell(20000));
  }
}

// A link was shared: many come, with assets, see one to three pages and go.
function crowd(referers, page) {
  return async (c) => {
    const b = new Browser(c, c.chance.pick(["chrome", "android", "android",
      "safari", "safari", "firefox"]), c.chance.is(0.8));
    b.hurry = 1;
    await b.visit(page, { typed: true, site: "cross-site",
      referer: c.chance.pick(referers) });
    await b.look(c.chance.dwell(9000));
    for (let n = c.chance.pick([0, 0, 1, 1, 2]); n > 0; n--) {
      await STEPS.read(b);
      await b.look(c.chance.dwell(8000));
    }
  };
}

// `people` behind one address, each with a browser of his own, who come over
// the whole run.
function nat(people, families, pages) {
  return async (c) => {
    const left = c.stage.endsAt - Date.now() - 15000;
    const n = Math.min(c.chance.pick(people), Math.ceil(left / 300));
    const every = left / n;
    const visits = [];
    for (let i = 0; i < n; i++) {
      const b = new Browser(c, c.chance.pick(families), c.chance.is(0.7));
      visits.push(shop(b, { steps: READING, pages: c.chance.whole(...pages),
        mean: c.chance.spread(4, 20), entry: c.chance.pick(ENTRIES) })
        .catch(() => {}));
      await c.pause(c.chance.dwell(every));
    }
    await Promise.all(visits);
  };
}

// "Open the site, everybody": all at once, then each at his own pace.
async function classroom(c) {
  await Promise.all(Array.from({ length: c.chance.whole(15, 50) }, async () => {
    const b = new Browser(c, c.chance.pick(["chrome", "chrome", "firefox",
      "safari"]), c.chance.is(0.8));
    await c.pause(c.chance.between(0, 4000));
    await shop(b, { steps: READING, pages: c.chance.whole(3, 15),
      mean: c.chance.spread(5, 20) });
  }));
}

// Several people at one Tor exit, all with the Tor Browser.
async function torExit(c) {
  await Promise.all(Array.from({ length: c.chance.whole(1, 5) }, async () => {
    await c.pause(c.chance.between(0, 40000));
    await shop(new Browser(c, "resist", c.chance.is(0.8)), { steps: READING,
      mean: c.chance.spread(5, 20), minutes: c.chance.between(1, 4) });
  }));
}

// From the wireless network to the telephone's: the cookies stay, the address
// does not. Two clients that share a browser's memory, one after the other.
const roaming = new Map();

function roams(c) {
  const trip = Math.floor(c.number / 2);
  const isFirst = c.number % 2 === 0;
  const key = `${c.stage.name} ${trip}`;
  return (async () => {
    const b = new Browser(c, "android", true);
    if (isFirst) {
      let arrived;
      roaming.set(key, { browser: b,
        done: new Promise((done) => { arrived = done; }) });
      try {
        await shop(b, { steps: ANYTHING, mean: 5,
          minutes: c.chance.between(0.5, 1.5) });
      } finally {
        arrived();
      }
      return;
    }
    while (!roaming.has(key)) {
      await c.pause(500);
    }
    const before = roaming.get(key);
    await Promise.race([before.done, c.pause(180000)]);
    Object.assign(b, { cookies: before.browser.cookies,
      cache: before.browser.cache, agent: before.browser.agent,
      version: before.browser.version, language: before.browser.language });
    b.page = before.browser.page;
    await shop(b, { steps: ANYTHING, mean: 6,
      minutes: c.chance.between(1, 2) });
  })();
}

// name: [class, clients, play]; how many of a full run.
export const PEOPLE = {
  person_reader_h1: ["likely_human", 24,
    person("chrome", false, { steps: READING })],
  person_shopper_h2: ["likely_human", 28, person("chrome", true)],
  person_firefox: ["likely_human", 20, person("firefox", false)],
  person_phone: ["likely_human", 20, person("android", true)],
  person_safari: ["likely_human", 22, person("safari", true)],
  person_opens_tabs: ["likely_human", 8, opensTabs],
  person_restores_tabs: ["likely_human", 5, restoresTabs],
  person_reloads: ["likely_human", 5, reloads],
  person_quick: ["likely_human", 6,
    person("chrome", true, { mean: 1.2, minutes: 2 })],
  person_firefox_quick: ["likely_human", 5,
    person("firefox", true, { mean: 1.3, minutes: 2 })],
  photo_scroll: ["likely_human", 6, photos(false, 300)],
  photo_scroll_h2: ["likely_human", 6, photos(true, 400)],
  thumbs_60_h2: ["likely_human", 6, thumbs60],
  dashboard_1hz: ["likely_human", 6, dashboard(0.2, 2)],
  dashboard_10hz: ["likely_human", 4, dashboard(8, 10.5)],
  spa_prefetch: ["likely_human", 6, prefetches],
  flash_crowd: ["likely_human", 60,
    crowd(["https://news.ycombinator.com/"], "/gallery")],
  newsletter_crowd: ["likely_human", 40,
    crowd([undefined, undefined, "https://mail.google.com/"],
      "/product/teapot-celadon?utm_source=news&utm_medium=mail")],
  carrier_nat_500: ["likely_human_nat", 3,
    nat([150, 300, 500], ["android", "android", "safari", "safari", "chrome",
      "firefox"], [1, 4])],
  classroom: ["likely_human_nat", 3, classroom],
  office_nat: ["likely_human_nat", 4,
    nat([20, 40, 60], ["chrome", "chrome", "firefox"], [3, 14])],
  tor_exit: ["likely_human_nat", 6, torExit],
  resist_fingerprinting: ["likely_human", 10, person("resist", true)],
  lynx_no_js: ["likely_human", 8, person("lynx", false, { steps: READING })],
  dillo_no_js: ["likely_human", 7, person("dillo", false, { steps: READING })],
  phone_changes_network: ["likely_human", 12, roams],
};
