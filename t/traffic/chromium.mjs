// SPDX-License-Identifier: Apache-2.0
//
// Real Chromium, driven through chromedriver: what it sends reaches the gate
// byte for byte, over a forwarder that gives each session an address.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { HOST, Over } from "./client.mjs";
import { forwarder } from "./servers.mjs";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
  "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
  "--ignore-certificate-errors"];

const SESSIONS_AT_ONCE = 4;

export function chromiumVersion() {
  try {
    execFileSync("chromedriver", ["--version"], { stdio: "ignore" });
    return execFileSync("chromium", ["--version"], { encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"] }).match(/\d+/)[0];
  } catch {
    return null;
  }
}

// ---- a session -------------------------------------------------------------

class Tab {
  constructor(c, driver, scheme) {
    Object.assign(this, { c, driver, chance: c.chance,
      site: `${scheme}://${HOST}`, begun: new Set() });
  }

  async call(method, path, body) {
    const answer = await fetch(this.driver + (this.session ?? "") + path,
      { method, signal: AbortSignal.timeout(60000),
        body: method === "POST" ? JSON.stringify(body ?? {}) : undefined });
    const { value } = await answer.json();
    if (!answer.ok) {
      throw new Error(`Chromium: ${method} ${path}: ${value.message}`);
    }
    return value;
  }

  async open(profile, port, flags, width) {
    const made = await this.call("POST", "/session", { capabilities: {
      alwaysMatch: { browserName: "chrome", acceptInsecureCerts: true,
        "goog:chromeOptions": { args: [...FLAGS, ...flags,
          `--window-size=${width},900`, `--user-data-dir=${profile}`,
          `--host-resolver-rules=MAP ${HOST} 127.0.0.1:${port}, ` +
            "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] },
        "goog:loggingPrefs": { performance: "ALL" } } } });
    this.session = `/session/${made.sessionId}`;
  }

  visit(path) {
    return this.call("POST", "/url", { url: this.site + path });
  }

  run(script) {
    return this.call("POST", "/execute/sync", { script, args: [] });
  }

  cdp(cmd, params) {
    return this.call("POST", "/goog/cdp/execute", { cmd, params });
  }

  async element(css) {
    const all = await this.call("POST", "/elements",
      { using: "css selector", value: css });
    return all.length > 0
      ? `/element/${Object.values(this.chance.pick(all))[0]}` : null;
  }

  // Click on one of what matches, if anything does. Scrolled to first: a
  // person clicks on what is in view.
  async click(css) {
    const found = await this.element(css);
    if (found !== null) {
      await this.call("POST", `${found}/click`).catch(() => this.run(
        `document.querySelector(${JSON.stringify(css)}).click()`));
    }
    return found !== null;
  }

  async type(css, text) {
    const field = await this.element(css);
    if (field === null) {
      return;
    }
    for (const letter of text) {
      await this.call("POST", `${field}/value`, { text: letter });
      await this.c.pause(this.chance.between(80, 300));
    }
  }

  async scroll(times) {
    for (let i = 0; i < times; i++) {
      await this.run("scrollBy({ top: 500, behavior: 'smooth' })");
      await this.c.pause(this.chance.between(250, 700));
    }
  }

  look(seconds) {
    return this.c.pause(this.chance.dwell(seconds * 1000));
  }

  // Count what went over the wire since the last time, by the browser's own
  // account.
  async count() {
    for (const { message } of await this.call("POST", "/se/log",
      { type: "performance" })) {
      const { method, params } = JSON.parse(message).message;
      if (method === "Network.requestWillBeSentExtraInfo") {
        this.c.started++;
        this.begun.add(params.requestId);
      }
      else if (method === "Network.responseReceivedExtraInfo") {
        this.c.answered++;
        this.begun.delete(params.requestId);
      }
      else if (method === "Network.loadingFailed" &&
          this.begun.delete(params.requestId)) {
        this.c.failed.push(params.errorText);
      }
    }
  }
}

// ---- what people do --------------------------------------------------------

const STEPS = {
  home: (t) => t.click("a.brand"),
  menu: (t) => t.click("nav a:not([href='/firing'])"),
  piece: async (t) => await t.click("a.card") || t.click("nav a[href='/list']"),
  list: async (t) => {
    await t.click("nav a[href='/list']");
    await t.scroll(3);
    await t.click(".kinds a");
  },
  search: async (t) => {
    await t.type(".search input",
      t.chance.pick(["teapot", "mug rust", "celadon"]));
    await t.type(".search input", "\uE007");
    await t.look(3);
    await t.click("a.card");
  },
  buy: async (t) => {
    await t.click("nav a[href='/list']");
    await t.look(2);
    await t.click("a.card");
    await t.look(4);
    await t.click(".product button");
  },
  write: async (t) => {
    await t.click("nav a[href='/contact']");
    await t.type("input[name=name]", "Ada");
    await t.type("input[name=mail]", "ada@example.org");
    await t.type("textarea", "Do you make them in green?");
    await t.click("form.stack button");
  },
  login: async (t) => {
    await t.click("nav a[href='/login']");
    for (const word of t.chance.is(0.5) ? ["kiln"] : ["klin", "kiln"]) {
      await t.type("input[name=mail]", "ada@example.org");
      await t.type("input[name=password]", word);
      await t.click("form.stack button");
      await t.look(2);
    }
  },
  gallery: async (t) => {
    await t.click("nav a[href='/gallery']");
    await t.scroll(8);
  },
  slow: (t) => t.click("nav a[href='/firing']"),
  back: (t) => t.call("POST", "/back"),
  forward: (t) => t.call("POST", "/forward"),
  reload: (t) => t.call("POST", "/refresh"),
};

// What was there a moment ago is gone, or something lies over it: a person
// looks again, and so do we at the next step.
function forgive(problem) {
  if (!/stale element|no such|interactable|intercepted|detached/
    .test(problem.message)) {
    throw problem;
  }
}

function wander(steps, mean) {
  const names = Object.entries(steps)
    .flatMap(([name, n]) => Array(n).fill(name));
  return async (t) => {
    await t.visit("/");
    for (;;) {
      await t.look(mean);
      await STEPS[t.chance.pick(names)](t).catch(forgive);
      if (await t.element("a.brand") === null) { // back beyond the first page
        await t.visit("/");
      }
      await t.count();
    }
  };
}

const play = {
  reads: wander({ menu: 3, piece: 5, home: 1, slow: 1, gallery: 1 }, 4),
  searches: wander({ search: 4, piece: 2, menu: 1 }, 3),
  fills: wander({ write: 2, login: 2, buy: 2, menu: 1 }, 3),
  looks: wander({ gallery: 3, piece: 2, menu: 1 }, 3),
  goesBack: wander({ piece: 3, back: 4, forward: 3, menu: 1, reload: 1 }, 2),
  shops: wander({ list: 2, piece: 3, buy: 3, search: 2, back: 2, login: 1 },
    2.5),
  async watches(t) {
    await t.visit(`/board?hz=${t.chance.pick([1, 2, 4])}`);
    for (;;) {
      await t.c.pause(5000);
      await t.count();
    }
  },
  async photos(t) {
    for (let page = 1; ; page++) {
      await t.visit(`/photos?page=${page}&n=${t.chance.pick([60, 200, 400])}`);
      await t.scroll(t.chance.whole(5, 25));
      await t.count();
      await t.look(5);
    }
  },
  async prefetches(t) {
    for (;;) {
      await t.visit("/spa");
      await t.look(7);
      await t.count();
      await t.visit("/");
      await t.look(4);
    }
  },
  // Without scripts, links are followed by hand: address and referer.
  async noScripts(t) {
    await t.cdp("Emulation.setScriptExecutionDisabled", { value: true });
    await t.visit("/");
    for (let at = "/"; ;) {
      await t.look(4);
      const next = t.chance.pick(["/list", "/gallery", "/about", "/contact",
        "/product/mug-rust", "/product/vase-cobalt", "/search?q=bowl",
        "/list?kind=jug"]);
      await t.cdp("Page.navigate",
        { url: t.site + next, referrer: t.site + at });
      at = next;
      await t.count();
    }
  },
};

let waiting = [];
let running = 0;

async function seat() {
  if (running >= SESSIONS_AT_ONCE) {
    await new Promise((wake) => waiting.push(wake));
  }
  running++;
}

function session(act, scheme, isH2, [low, high] = [45, 80]) {
  return async (c) => {
    await seat();
    const way = await forwarder(c, c.stage.ports);
    const tab = new Tab(c, c.stage.driver, scheme);
    const stage = c.stage;
    try {
      if (Date.now() > stage.endsAt - 15000) {
        throw new Over();
      }
      const profile = join(stage.scratch, `profile-${c.address}`);
      mkdirSync(profile);
      await tab.open(profile, way.port, [
        "--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 " +
          `(KHTML, like Gecko) Chrome/${stage.chromium}.0.0.0 Safari/537.36`,
        ...(isH2 ? [] : ["--disable-http2"])],
      c.chance.pick([1280, 1600, 1900]));
      c.stage = { ...stage, endsAt: Math.min(stage.endsAt - 4000,
        Date.now() + 1000 * c.chance.between(low, high)) };
      await act(tab);
    } finally {
      if (tab.session) {
        await tab.count().catch(() => {});
        await tab.call("DELETE", "").catch(() => {});
      }
      way.close();
      running--;
      waiting.shift()?.();
    }
  };
}

const h1 = (act) => session(act, "https", false);
const h2 = (act, seconds) => session(act, "https", true, seconds);

// name: [class, clients of a full run, play]
export const CHROMIUM = {
  chromium_reader_h1: ["likely_human", 3, session(play.reads, "http", false)],
  chromium_searcher_h2: ["likely_human", 3, h2(play.searches)],
  chromium_forms_h1: ["likely_human", 2, h1(play.fills)],
  chromium_gallery_h2: ["likely_human", 2, h2(play.looks)],
  chromium_dashboard: ["likely_human", 2, h2(play.watches)],
  chromium_back_forward: ["likely_human", 2, h2(play.goesBack)],
  chromium_shopper_h1: ["likely_human", 3, h1(play.shops)],
  chromium_shopper_h2: ["likely_human", 3, h2(play.shops)],
  chromium_photos_h2: ["likely_human", 2, h2(play.photos, [35, 60])],
  chromium_prefetch: ["likely_human", 2, h2(play.prefetches, [35, 60])],
  chromium_no_scripts: ["likely_human", 2, h2(play.noScripts, [35, 60])],
};
