// SPDX-License-Identifier: Apache-2.0
//
// Imitated browsers: the header fields of each family in their order, pages
// with what they embed, a cache, cookies, lazy images, and the polling that
// the shop's pages do. Fields are those of a site under https, where browsers
// send the most.

import { HOST } from "./client.mjs";

const HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,";

// ---- families --------------------------------------------------------------

const ACCEPT = {
  chrome: { page: `${HTML}image/avif,image/webp,image/apng,*/*;q=0.8,` +
      "application/signed-exchange;v=b3;q=0.7",
    image: "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    style: "text/css,*/*;q=0.1", rest: "*/*" },
  firefox: { page: `${HTML}*/*;q=0.8`,
    image: "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8," +
      "*/*;q=0.5",
    style: "text/css,*/*;q=0.1", rest: "*/*" },
  safari: { page: `${HTML}*/*;q=0.8`,
    image: "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence," +
      "video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    style: "text/css,*/*;q=0.1", rest: "*/*" },
};

// What a fetch of each sort says of itself: mode, dest, kind of Accept.
const FETCH = {
  page: ["navigate", "document", "page"],
  style: ["no-cors", "style", "style"],
  script: ["no-cors", "script", "rest"],
  image: ["no-cors", "image", "image"],
  manifest: ["cors", "manifest", "rest"],
  api: ["cors", "empty", "rest"],
};

const URGENCY = { page: "u=0, i", style: "u=0", script: "u=1",
  image: "u=2, i", manifest: "u=2", api: "u=1, i" };

function chromeFields(b, sort, o) {
  const [mode, dest, accept] = FETCH[sort];
  const brands = ["sec-ch-ua", `"Chromium";v="${b.version}", ` +
    `"Google Chrome";v="${b.version}", "Not.A/Brand";v="99"`];
  const mobile = ["sec-ch-ua-mobile", b.isMobile ? "?1" : "?0"];
  const platform = ["sec-ch-ua-platform", `"${b.platform}"`];
  const agent = ["User-Agent", b.agent];
  const isPage = sort === "page";
  return [
    b.isH2 ? null : ["Connection", "keep-alive"],
    isPage && (o.reload || o.body) ? ["Cache-Control", "max-age=0"] : null,
    ...(isPage ? [brands, mobile, platform, ["Upgrade-Insecure-Requests", "1"]]
      : [platform, agent, brands, mobile]),
    isPage && o.body ? ["Origin", `https://${HOST}`] : null,
    o.body ? ["Content-Type", o.type] : null,
    isPage ? agent : null,
    ["Accept", ACCEPT.chrome[accept]],
    !isPage && o.body ? ["Origin", `https://${HOST}`] : null,
    ["Sec-Fetch-Site", o.site], ["Sec-Fetch-Mode", mode],
    isPage && o.user !== false ? ["Sec-Fetch-User", "?1"] : null,
    ["Sec-Fetch-Dest", dest],
    o.referer ? ["Referer", o.referer] : null,
    ["Accept-Encoding", "gzip, deflate, br, zstd"],
    ["Accept-Language", b.language],
    o.cookie ? ["Cookie", o.cookie] : null,
    b.isH2 ? ["priority", URGENCY[sort]] : null,
  ];
}

function firefoxFields(b, sort, o) {
  const [mode, dest, accept] = FETCH[sort];
  const isPage = sort === "page";
  return [
    ["User-Agent", b.agent], ["Accept", ACCEPT.firefox[accept]],
    ["Accept-Language", b.language],
    ["Accept-Encoding", "gzip, deflate, br, zstd"],
    o.body ? ["Content-Type", o.type] : null,
    o.body ? ["Origin", `https://${HOST}`] : null,
    b.isH2 ? null : ["Connection", "keep-alive"],
    o.referer ? ["Referer", o.referer] : null,
    o.cookie ? ["Cookie", o.cookie] : null,
    isPage ? ["Upgrade-Insecure-Requests", "1"] : null,
    ["Sec-Fetch-Dest", dest], ["Sec-Fetch-Mode", mode],
    ["Sec-Fetch-Site", o.site],
    isPage && o.user !== false ? ["Sec-Fetch-User", "?1"] : null,
    ["Priority", isPage ? "u=0, i" : "u=5"],
    b.isH2 ? ["TE", "trailers"] : null,
  ];
}

function safariFields(b, sort, o) {
  const [mode, dest, accept] = FETCH[sort];
  return [
    o.body ? ["Content-Type", o.type] : null,
    ["Accept", ACCEPT.safari[accept]],
    ["Sec-Fetch-Site", o.site],
    o.cookie ? ["Cookie", o.cookie] : null,
    ["Sec-Fetch-Dest", dest],
    ["Accept-Language", b.language],
    ["Sec-Fetch-Mode", mode],
    o.body ? ["Origin", `https://${HOST}`] : null,
    ["User-Agent", b.agent],
    o.referer ? ["Referer", o.referer] : null,
    ["Accept-Encoding", "gzip, deflate, br"],
    b.isH2 ? ["priority", sort === "page" ? "u=0, i" : "u=3, i"]
      : ["Connection", "keep-alive"],
  ];
}

// Text browsers and small ones: no scripts, no fetch metadata.
function plainFields(b, sort, o) {
  return [
    ...b.fields,
    o.body ? ["Content-Type", o.type] : null,
    o.referer && b.sendsReferer ? ["Referer", o.referer] : null,
    o.cookie ? ["Cookie", o.cookie] : null,
    ["User-Agent", b.agent],
  ];
}

const LANGUAGES = ["en-US,en;q=0.9", "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
  "en-GB,en;q=0.9", "fr-FR,fr;q=0.9,en;q=0.8", "nl-NL,nl;q=0.9,en;q=0.8",
  "es-ES,es;q=0.9", "pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7", "ja,en;q=0.9"];

// Each makes what tells one browser from another.
export const FAMILIES = {
  chrome(chance) {
    const version = chance.whole(136, 143);
    const [platform, system] = chance.pick([
      ["Windows", "Windows NT 10.0; Win64; x64"],
      ["Windows", "Windows NT 10.0; Win64; x64"],
      ["macOS", "Macintosh; Intel Mac OS X 10_15_7"],
      ["Linux", "X11; Linux x86_64"]]);
    return { fieldsOf: chromeFields, version, platform,
      language: chance.pick(LANGUAGES),
      agent: `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) ` +
        `Chrome/${version}.0.0.0 Safari/537.36` };
  },
  android(chance) {
    const version = chance.whole(136, 143);
    return { fieldsOf: chromeFields, version, platform: "Android",
      isMobile: true, language: chance.pick(LANGUAGES),
      agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, " +
        `like Gecko) Chrome/${version}.0.0.0 Mobile Safari/537.36` };
  },
  firefox(chance) {
    const version = chance.whole(136, 145);
    const system = chance.pick(["Windows NT 10.0; Win64; x64",
      "X11; Linux x86_64", "Macintosh; Intel Mac OS X 10.15"]);
    return { fieldsOf: firefoxFields,
      language: chance.pick(["en-US,en;q=0.5", "de,en-US;q=0.7,en;q=0.3",
        "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3"]),
      agent: `Mozilla/5.0 (${system}; rv:${version}.0) Gecko/20100101 ` +
        `Firefox/${version}.0` };
  },
  safari(chance) {
    const version = chance.pick(["17.6", "18.3", "18.5", "26.0"]);
    const isPhone = chance.is(0.6);
    return { fieldsOf: safariFields, isMobile: isPhone,
      language: chance.pick(["en-US,en;q=0.9", "en-GB,en;q=0.9",
        "de-DE,de;q=0.9"]),
      agent: isPhone
        ? "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) " +
          "AppleWebKit/605.1.15 (KHTML, like Gecko) " +
          `Version/${version} Mobile/15E148 ` +
          "Safari/604.1"
        : "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/" +
          `605.1.15 (KHTML, like Gecko) Version/${version} Safari/605.1.15` };
  },
  // privacy.resistFingerprinting: one agent, one language, for everybody.
  resist() {
    return { fieldsOf: firefoxFields, language: "en-US,en;q=0.5",
      agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) " +
        "Gecko/20100101 Firefox/140.0" };
  },
  lynx() {
    return { fieldsOf: plainFields, isPlain: true, sendsReferer: true,
      fields: [["Accept", "text/html, text/plain, text/sgml, text/css, " +
          "application/xhtml+xml, */*;q=0.01"],
        ["Accept-Encoding", "gzip, compress, bzip2"],
        ["Accept-Language", "en"]],
      agent: "Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8" };
  },
  dillo() {
    return { fieldsOf: plainFields, isPlain: true, hasImages: true,
      fields: [["Connection", "keep-alive"],
        ["Accept", "text/*,image/*,*/*;q=0.2"],
        ["Accept-Language", "en"], ["Accept-Encoding", "gzip, deflate"]],
      agent: "Dillo/3.1.1" };
  },
};

// ---- a browser -------------------------------------------------------------

export class Browser {
  // familyName  of FAMILIES
  // isH2        speaks HTTP/2
  constructor(client, familyName, isH2 = false) {
    Object.assign(this, FAMILIES[familyName](client.chance));
    this.client = client;
    this.chance = client.chance;
    this.isH2 = isH2;
    this.lane = `b${client.browsers = (client.browsers ?? 0) + 1}`;
    this.cookies = new Map();
    this.cache = new Set(); // max-age=300 outlives most runs
    this.page = null;       // { url, links, images, polls }
  }

  #keepCookies(headers) {
    for (const line of headers["set-cookie"] ?? []) {
      const [name, value] = line.split(";")[0].split(/=(.*)/s);
      this.cookies.set(name, value);
    }
  }

  // Send one request. sort of FETCH; referer, site, body, type, reload.
  async fetch(sort, target, { method = "GET", ...o } = {}) {
    const options = { site: "same-origin",
      type: "application/x-www-form-urlencoded", ...o,
      cookie: [...this.cookies].map(([n, v]) => `${n}=${v}`).join("; ") };
    const fields = this.fieldsOf(this, sort, options).filter((f) => f !== null);
    const answer = this.isH2
      ? await this.client.h2(method, target, fields,
        { body: o.body, lane: this.lane })
      : await this.client.h1(method, target, fields,
        { body: o.body, lane: this.lane, lanes: this.isPlain ? 1 : 6 });
    this.#keepCookies(answer.headers);
    return answer;
  }

  async #assets(list, sort) {
    const wanted = list.filter((target) => !this.cache.has(target));
    for (const target of wanted) {
      this.cache.add(target);
    }
    await Promise.all(wanted.map((target) => this.fetch(sort, target,
      { referer: this.page.url })));
  }

  // Follow a link, type an address, send a form. site "none" for an address
  // that was typed.
  async visit(path, o = {}) {
    let answer = await this.fetch("page", path, { referer: o.typed
      ? undefined : this.page?.url, site: o.typed ? "none" : "same-origin",
    ...o });
    for (let i = 0; i < 3 && answer.status === 303; i++) {
      path = answer.headers.location;
      answer = await this.fetch("page", path, { referer: this.page?.url });
    }
    const all = (pattern) => [...new Set([...answer.text.matchAll(pattern)]
      .map((m) => m[1].replaceAll("&amp;", "&")))];
    this.page = { url: `https://${HOST}${path}`, status: answer.status,
      links: all(/<a [^>]*href="(\/[^"]*)"/g).filter((l) => l !== path),
      images: all(/<img [^>]*src="(\/[^"]*)"/g),
      polls: answer.text.includes("/live.js"),
      stock: answer.text.includes("data-stock") };
    if (this.isPlain) {
      if (this.hasImages) {
        await this.#assets(this.page.images.slice(0, 8), "image");
      }
      return this.page;
    }
    const styles = all(/<link rel="stylesheet" href="([^"]*)"/g);
    const scripts = all(/<script src="([^"]*)"/g);
    await Promise.all([this.#assets(styles, "style"),
      this.#assets(scripts, "script"),
      this.#assets(this.page.images.slice(0, this.isMobile ? 5 : 10), "image"),
      this.#assets(["/icon.svg"], "image")]);
    this.page.seen = this.isMobile ? 5 : 10;
    return this.page;
  }

  async scroll(rows = 4) {
    for (let i = 0; i < rows && !this.isPlain &&
        this.page.seen < this.page.images.length; i++) {
      const until = this.page.seen + this.chance.whole(4, 10);
      await this.#assets(this.page.images.slice(this.page.seen, until),
        "image");
      this.page.seen = until;
      await this.client.pause(this.chance.between(250, 900));
    }
  }

  // Look at the page for so long; its scripts poll meanwhile.
  async look(ms) {
    const until = Date.now() + ms;
    if (!this.page.polls || this.isPlain) {
      return this.client.pause(ms);
    }
    const ask = (path) => this.fetch("api", path, { referer: this.page.url });
    for (let round = 0; ; round++) {
      const left = until - Date.now();
      if (round === 0) {
        ask("/api/kiln");
        this.page.stock && ask("/api/stock");
      }
      if (left <= 4000) {
        return this.client.pause(Math.max(0, left));
      }
      await this.client.pause(4000);
      ask("/api/kiln");
      if (round % 2 === 1 && this.page.stock) {
        ask("/api/stock");
      }
    }
  }

  // One letter after the other, with suggestions while one hesitates.
  async type(word) {
    for (let n = 1; n <= word.length; n++) {
      const hesitates = this.chance.between(90, 420);
      await this.client.pause(hesitates);
      if (hesitates > 150 && !this.isPlain) {
        const part = encodeURIComponent(word.slice(0, n));
        this.fetch("api", `/api/suggest?q=${part}`,
          { referer: this.page.url });
      }
    }
  }

  post(path, body) {
    return this.visit(path, { method: "POST", body });
  }
}
