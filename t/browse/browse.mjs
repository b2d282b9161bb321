// SPDX-License-Identifier: Apache-2.0
//
// browse.mjs mod_mlgate.so: a person visits the demo shop through the gate with
// Chromium, for about a minute and briskly: pages, search, basket, gallery,
// slow page, back and forward, while the pages poll their API. Nothing may be
// refused. Prints TAP; exits with 1 if a claim is false.
//
//   PORT, SHOP_PORT   of the gate and the shop, default 8010 and 9010

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const port = process.env.PORT ?? "8010";
const site = `http://127.0.0.1:${port}`;
const driver = `http://127.0.0.1:${Number(port) + 1}`;
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
  "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--window-size=1280,900"];

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const pause = () => sleep(700 + 1600 * Math.random());

// ---- processes -----------------------------------------------------------

const started = [];

function start(command, args, env) {
  const child = spawn(command, args, { env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"] });
  child.output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => { child.output += text; });
  }
  child.ended = new Promise((done) => child.on("exit", done));
  started.push(child);
  return child;
}

async function stopAll() {
  for (const child of started.reverse()) {
    child.kill("SIGTERM");
    await child.ended;
  }
}

async function until(url, child) {
  for (let i = 0; i < 100 && child.exitCode === null; i++) {
    try {
      if ((await fetch(url)).ok) {
        return;
      }
    } catch {
      // not there yet
    }
    await sleep(100);
  }
  throw new Error(`nothing at ${url}: ${child.output}`);
}

// ---- the browser ---------------------------------------------------------

let session = "";

async function call(method, path, body) {
  const answer = await fetch(driver + session + path, { method,
    body: method === "POST" ? JSON.stringify(body ?? {}) : undefined });
  const { value } = await answer.json();
  if (!answer.ok) {
    throw new Error(`${method} ${path}: ${value.message}`);
  }
  return value;
}

async function openBrowser(profile) {
  const made = await call("POST", "/session", { capabilities: { alwaysMatch: {
    browserName: "chrome",
    "goog:chromeOptions": { args: [...flags, `--user-data-dir=${profile}`] },
    "goog:loggingPrefs": { browser: "ALL", performance: "ALL" },
  } } });
  session = `/session/${made.sessionId}`;
}

async function element(css) {
  const found = await call("POST", "/element",
    { using: "css selector", value: css });
  return `/element/${Object.values(found)[0]}`;
}

const visit = (path) => call("POST", "/url", { url: site + path });
const click = async (css) => call("POST", `${await element(css)}/click`);
const type = async (css, text) =>
  call("POST", `${await element(css)}/value`, { text });
const run = (script) => call("POST", "/execute/sync", { script, args: [] });

async function scroll() {
  for (let i = 0; i < 6; i++) {
    await run("scrollBy({ top: 420, behavior: 'smooth' })");
    await sleep(350);
  }
}

// Every response that came over the wire, and every line of the console.
const responses = [];
const complaints = [];

async function collect() {
  for (const { message } of await call("POST", "/se/log",
    { type: "performance" })) {
    const { method, params } = JSON.parse(message).message;
    if (method === "Network.responseReceived" &&
        !params.response.fromDiskCache) {
      responses.push({ url: params.response.url, type: params.type,
        status: params.response.status });
    }
  }
  for (const line of await call("POST", "/se/log", { type: "browser" })) {
    if (line.level === "SEVERE") {
      complaints.push(line.message);
    }
  }
}

// ---- the visit -----------------------------------------------------------

async function buy(kind, glaze) {
  await visit(`/list?kind=${kind}`);
  await pause();
  await click(`a[href="/product/${kind}-${glaze}"]`);
  await pause();
  await click(".product button");
  await pause();
}

const visits = [
  async () => { await visit("/"); await pause(); await scroll(); },
  async () => { await click('nav a[href="/list"]'); await scroll(); },
  async () => { await click('a[href="/product/jug-rust"]'); await pause(); },
  async () => { await click('a[href="/product/jug-cobalt"]'); await pause(); },
  async () => { await call("POST", "/back"); await pause(); },
  async () => { await call("POST", "/forward"); await pause(); },
  async () => { await click(".product button"); await pause(); },
  async () => {
    for (const letter of "teapot") { // each asks for suggestions
      await type(".search input", letter);
      await sleep(180);
    }
    await type(".search input", "\uE007");
    await pause();
  },
  async () => { await click(".cards a:nth-child(2)"); await pause(); },
  async () => { await click('nav a[href="/gallery"]'); await pause(); },
  scroll,
  scroll,
  async () => { await click('nav a[href="/firing"]'); await pause(); },
  () => buy("mug", "oatmeal"),
  () => buy("bowl", "rust"),
  () => buy("plate", "cobalt"),
  async () => { await click(".basket-rows button"); await pause(); },
  async () => { await click('nav a[href="/contact"]'); await pause(); },
  async () => {
    await type("input[name=name]", "Ada");
    await type("input[name=mail]", "ada@example.org");
    await type("textarea", "Do you make them in green?");
    await click("form.stack button");
    await pause();
  },
  async () => { await click('nav a[href="/about"]'); await pause(); },
  async () => { await visit("/list"); await sleep(9000); }, // it polls
];

// ---- what is claimed -----------------------------------------------------

let claims = 0;
let isTrue = true;

function claim(holds, text, seen) {
  console.log(`${holds ? "ok" : "not ok"} ${++claims} - ${text}`);
  if (!holds) {
    console.log(`# ${JSON.stringify(seen, null, 1).replaceAll("\n", "\n# ")}`);
  }
  isTrue &&= holds;
}

async function report() {
  const log = await readFile(`build/out/run/${port}/access.log`, "utf8");
  const scores = [...log.matchAll(/ [\w-]+ (\d[\d.]*)$/gm)].map((m) => +m[1]);
  const client = await (await fetch(`${site}/mlgate/client/127.0.0.1`)).json();
  const assets = responses.filter((r) =>
    ["Image", "Stylesheet", "Script"].includes(r.type));
  const polls = responses.filter((r) => r.url.includes("/api/"));
  console.log(`# ${responses.length} responses, ${assets.length} assets, ` +
    `${polls.length} of the API, highest score ${Math.max(0, ...scores)}`);
  claim(assets.length >= 60, "a visit loads 60 assets and more", assets.length);
  claim(polls.length >= 20, "its pages poll their API", polls.length);
  claim(scores.length > 100, "the gate judged it", scores.length);
  const refused = responses.filter((r) => r.status >= 400);
  claim(refused.length === 0, "nothing is refused", refused);
  claim(complaints.length === 0, "the console stays clean", complaints);
  claim(client.block === null, "the visitor is not blocked", client.block);
  console.log(`1..${claims}`);
}

const profile = await mkdtemp(join(tmpdir(), "mlgate-browse."));
try {
  const gate = start("build/run", [process.argv[2]],
    { PORT: port, SHOP_PORT: process.env.SHOP_PORT ?? "9010", TARGET: "" });
  await until(`${site}/mlgate/health`, gate);
  await until(`${driver}/status`,
    start("chromedriver", [`--port=${new URL(driver).port}`]));
  await openBrowser(profile);
  for (const step of visits) {
    await step();
    await collect();
  }
  await report();
} catch (problem) {
  await collect().catch(() => {});
  for (const { status, url } of responses.filter((r) => r.status >= 400)) {
    console.log(`# ${status} ${url}`);
  }
  console.log(`Bail out! ${problem.message}`);
  isTrue = false;
} finally {
  await call("DELETE", "").catch(() => {}); // the browser, if there is one
  await stopAll();
  await rm(profile, { recursive: true, force: true });
}
process.exit(isTrue ? 0 : 1);
