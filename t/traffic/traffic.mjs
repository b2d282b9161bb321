// SPDX-License-Identifier: Apache-2.0
//
// traffic.mjs mod_mlgate.so: people and attackers, as far as one machine can
// imitate them, before a real gate that observes. README.md tells who.
//
//   SET           train, validate, all (both, one after the other), or check:
//                 one client of every kind for a short while
//   SEED          whose clients; the same seed gives the same plan
//   OUT_DIR       a set leaves SET/observations.log and SET/labels.tsv there
//   TRAFFIC_PORT  the first of five ports on 127.0.0.1
//   PLAN=1        tell who would take part, and start nothing

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { chromiumVersion } from "./chromium.mjs";
import { Client, Over } from "./client.mjs";
import { plan, SETS } from "./kinds.mjs";
import { differences, failures, readLog, table } from "./report.mjs";
import { Servers } from "./servers.mjs";
import { TOOLS } from "./tools.mjs";

const module = resolve(process.argv[2] ?? "mod_mlgate.so");
const seed = process.env.SEED || "1";
const outDir = resolve(process.env.OUT_DIR || "build/out/traffic");
const base = Number(process.env.TRAFFIC_PORT || "8640");
const wanted = process.env.SET || "all";
const chromium = chromiumVersion();
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

let servers;
let isStopping = false;

async function leave(code) {
  if (!isStopping) {
    isStopping = true;
    await servers?.stop();
    process.exit(code);
  }
}

process.on("SIGHUP", () => leave(129));
process.on("SIGINT", () => leave(130));
process.on("SIGTERM", () => leave(143));

// Who does not wait for an answer does not mind that the run is over.
process.on("unhandledRejection", (problem) => {
  if (!(problem instanceof Over) && !isStopping) {
    console.error(`make traffic: ${problem.stack}`);
    leave(1);
  }
});

function say(text) {
  if (process.stdout.isTTY) {
    process.stdout.write(`\r\x1b[K${text}`);
  }
}

// ---- one set ---------------------------------------------------------------

async function perform(one, stage) {
  const c = new Client({ ...one, stage });
  Object.assign(c, { kind: one.kind, class: one.class, number: one.number,
    isChromium: one.kind.startsWith("chromium_") });
  const play = (typeof one.play === "function") ? one.play : TOOLS[one.play];
  stage.clients.push(c);
  try {
    await c.pause(one.beginMs);
    await play(c);
  } catch (problem) {
    if (!(problem instanceof Over)) {
      problem.message = `${one.kind} ${one.address}: ${problem.message}`;
      throw problem;
    }
  }
}

// Clients begin nothing new after the end; what is on the way may come in.
async function calm(clients) {
  const open = () => clients.reduce((n, c) => n + c.open, 0);
  for (let i = 0; i < 100 && open() > 0; i++) {
    await sleep(100);
  }
  await sleep(2000); // the gate writes a line when an answer is out
}

async function runSet(name) {
  const dir = join(outDir, name);
  const log = join(dir, "observations.log");
  const cast = plan(name, seed, chromium !== null);
  mkdirSync(dir, { recursive: true });
  rmSync(log, { force: true });
  servers = new Servers(base);
  await servers.serve(module, log);
  if (chromium !== null) {
    servers.driver = await servers.start("chromedriver", servers.port.driver,
      "chromedriver", [`--port=${servers.port.driver}`]);
  }
  const began = Date.now();
  const stage = { name, clients: [], ports: servers.port,
    scratch: servers.scratch, chromium,
    driver: `http://127.0.0.1:${servers.port.driver}`,
    spawn: (...args) => servers.spawn(...args),
    endsAt: began + 1000 * SETS[name].seconds };
  const clock = setInterval(() => {
    const seconds = Math.round((Date.now() - began) / 1000);
    const requests = stage.clients.reduce((n, c) => n + c.started, 0);
    say(`${name}: ${seconds} of ${SETS[name].seconds} s, ${requests} requests`);
  }, 1000);
  try {
    await Promise.all(cast.map((one) => perform(one, stage)));
  } finally {
    clearInterval(clock);
    say("");
  }
  await calm(stage.clients);
  if (servers.gate.isOver || servers.backend.isOver) {
    throw new Error("a server ended by itself: " + servers.gate.output +
      servers.backend.output);
  }
  for (const c of stage.clients) {
    c.close();
  }
  await servers.end(servers.gate);
  await servers.stop();
  servers = undefined;

  const seen = await readLog(log);
  writeFileSync(join(dir, "labels.tsv"), "client\tclass\tkind\n" + stage.clients
    .filter((c) => seen.has(c.address))
    .map((c) => `${c.address}\t${c.class}\t${c.kind}\n`).join(""));
  const report = [`${name}, seed ${seed}`, table(stage.clients, seen)];
  const lost = Object.entries(failures(stage.clients));
  if (lost.length > 0) {
    report.push("Requests without an answer: " +
      lost.map(([why, n]) => `${n} ${why}`).join(", ") + ".");
  }
  const odd = differences(stage.clients, seen);
  report.push(odd.length === 0 ? "The log holds what was sent."
    : "The log does not hold what was sent:\n  " + odd.join("\n  "));
  console.log(report.join("\n"));
  writeFileSync(join(dir, "report.txt"), report.join("\n") + "\n");
  if (odd.length > 0) {
    throw new Error("the log does not hold what was sent");
  }
}

// ---- the run ---------------------------------------------------------------

const sets = (wanted === "all") ? ["train", "validate"] : [wanted];

try {
  if (!sets.every((name) => Object.hasOwn(SETS, name))) {
    throw new Error(`SET=${wanted} is none of train, validate, all, check`);
  }
  if (process.env.PLAN) {
    for (const name of sets) {
      for (const one of plan(name, seed, true)) {
        console.log([name, one.kind, one.class, one.address,
          Math.round(one.beginMs), one.chance.hex(8)].join("\t"));
      }
    }
    await leave(0);
  }
  if (chromium === null) {
    console.log("Chromium or its driver is not installed: no session of its.");
  }
  for (const name of sets) {
    await runSet(name);
  }
  await leave(0);
} catch (problem) {
  if (!isStopping) { // else it is a consequence
    console.error(`make traffic: ${problem.message}`);
  }
  await leave(1);
}
