// SPDX-License-Identifier: Apache-2.0
//
// swarms.mjs mod_mlgate.so: swarms and flash crowds from thousands of addresses,
// by X-Forwarded-For, before a real gate that has watched its site for days and
// refuses. README.md tells who.
//
//   KINDS         which, of swarm-kinds.mjs; all of them unless said
//   ADDRESSES     of a wave; 10000      SECONDS  in which they come; 60
//   SHARE         MLGateSwarmMaxShare; 1
//   SEED          whose                 OUT_DIR  gets swarms.txt, swarms.json
//   TRAFFIC_PORT  where the gate listens on 127.0.0.1

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { Chance } from "./chance.mjs";
import { APP_PATH, Addresses, ASSETS, KINDS, ordinary, PAGES, SLOW_PAGES }
  from "./swarm-kinds.mjs";
import { Servers } from "./servers.mjs";
import { Wire } from "./swarm-wire.mjs";

const module = resolve(process.argv[2] ?? "mod_mlgate.so");
const seed = process.env.SEED || "1";
const outDir = resolve(process.env.OUT_DIR || "build/out/traffic");
const port = Number(process.env.TRAFFIC_PORT || "8640");
const share = process.env.SHARE || "1";
const WARM_S = 5;  // of ordinary traffic before, and after
const EVERY_S = 1; // an ordinary newcomer
const EARLY = 200; // requests, before a swarm can be known
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

// ---- the site ----------------------------------------------------------------

function writeSite(dir) {
  const filler = "<p>Something of this shop, in many words.</p>\n".repeat(40);
  const put = (path, text) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  for (const path of ["/index.html", APP_PATH, ...PAGES]) {
    put(path, `<!doctype html><title>${path}</title>\n${filler}`);
  }
  for (const path of SLOW_PAGES) {
    put(path, `<!doctype html><title>${path}</title>\n${filler.repeat(4)
      .slice(0, 8000)}`);
  }
  for (const path of ASSETS) {
    put(path, "x".repeat(600));
  }
}

// The gate, which has watched for days; its clock goes `pace` times as fast.
async function serve(pace) {
  const beside = (name) => join(dirname(module), name);
  const run = servers.scratch;
  writeSite(join(run, "site"));
  mkdirSync(join(run, "state"), { mode: 0o700, recursive: true });
  execFileSync(beside("town"), [join(run, "state/gate")]);
  if (process.getuid() === 0) {
    execFileSync("chown", ["-R", "www-data", join(run, "state")]);
  }
  execFileSync("chmod", ["-R", "a+rX", join(run, "site")]);
  const query = (what) => execFileSync("apxs", ["-q", what]).toString().trim();
  const conf = join(run, "gate.conf");
  writeFileSync(conf, Object.entries({ MODULES: query("LIBEXECDIR"), RUN: run,
    GATE: module, PORT: port, SHARE: share })
    .map(([name, value]) => `Define ${name} "${value}"\n`).join("") +
    `Include "${resolve("t/traffic/swarms.conf")}"\n`);
  const since = Math.floor(Number(readFileSync("/proc/uptime", "utf8")
    .split(" ")[0]));
  await servers.start("gate", port, "env", [
    ...(pace > 1 ? [`LD_PRELOAD=${beside("clock.so")}`,
      `MLGATE_TEST_PACE=${pace}`, `MLGATE_TEST_SINCE=${since}`] : []),
    join(query("SBINDIR"), query("PROGNAME")), "-DFOREGROUND", "-d", run,
    "-f", conf]);
}

const ask = async (what) => (await fetch(`http://127.0.0.1:${port}/mlgate/${what}`,
  { headers: { Accept: "application/json" } })).json();

// ---- one wave ----------------------------------------------------------------

// What became of those of one sort.
class Tally {
  constructor() {
    Object.assign(this, { clients: 0, refusedClients: 0, requests: 0,
      refused: 0, late: 0, lateRefused: 0, foundS: null });
  }
}

async function play(visitor, wire, tallies, pace, startedAt, endsAt) {
  const tally = tallies[visitor.who +
    (visitor.isCached ? ", cached" : "")] ??= new Tally();
  let wasRefused = false;
  tally.clients++;
  await visitor.play({
    sleep: (seconds) => sleep(Math.max(0, Math.min(1000 * seconds / pace,
      endsAt - Date.now()))),
    async get(path, sort, referer) {
      if (Date.now() > endsAt) {
        return 0;
      }
      const status = await wire.get(visitor.address, path,
        visitor.fields(sort, referer));
      if (sort === "page") {
        const isRefused = status === 429;
        tally.requests++;
        tally.refused += isRefused;
        tally.late += tally.requests > EARLY;
        tally.lateRefused += tally.requests > EARLY && isRefused;
        tally.refusedClients += isRefused && !wasRefused;
        wasRefused ||= isRefused;
        if (isRefused) {
          tally.foundS ??= (Date.now() - startedAt) / 1000 * pace;
        }
      }
      return status;
    },
  });
}

function cast(name, addresses, seconds, everyS) {
  const chance = new Chance(seed, name);
  const from = new Addresses(chance);
  const kind = KINDS[name];
  const all = [];
  for (let i = 0; i < addresses; i++) {
    const own = new Chance(seed, name, i);
    all.push({ who: kind.isSwarm ? "members" : "people of it",
      at: chance.between(0, seconds), ...kind.make(own, Object.assign(from,
        { chance })) });
  }
  for (let at = -WARM_S; at < seconds + WARM_S; at += chance.dwell(everyS)) {
    all.push({ at, ...ordinary(new Chance(seed, "ordinary", name, at), from) });
  }
  return all.sort((a, b) => a.at - b.at);
}

async function runWave(name) {
  const { addresses = Number(process.env.ADDRESSES || "10000"),
    seconds = Number(process.env.SECONDS || "60"), pace = 1,
    everyS = EVERY_S } = KINDS[name];
  const visitors = cast(name, addresses, seconds, everyS);
  servers = new Servers(port);
  await serve(pace);
  const wire = new Wire(port);
  const tallies = {};
  const startedAt = Date.now() + 1000 * WARM_S;
  const endsAt = startedAt + 1000 * (seconds / pace + 2 * WARM_S);
  const playing = [];
  for (const visitor of visitors) {
    const wait = startedAt + 1000 * visitor.at / pace - Date.now();
    if (wait > 4) {
      await sleep(wait);
    }
    playing.push(play(visitor, wire, tallies, pace, startedAt, endsAt));
  }
  await Promise.all(playing);
  const told = await ask("swarms");
  const stats = await ask("stats");
  wire.close();
  await servers.stop();
  servers = undefined;
  return { name, seed, addresses, seconds, pace, share: Number(share), tallies,
    sent: wire.sent, lost: wire.lost, blocks: stats.counters.blocks,
    tookS: (Date.now() - startedAt) / 1000, heldBack: told.held_back,
    swarms: told.swarms.filter((s) => s.begin_epoch * 1000 > 0 && s.end === null) };
}

// ---- the report --------------------------------------------------------------

const percent = (part, whole) => whole === 0 ? "-"
  : `${(100 * part / whole).toFixed(1)} %`;

function describe(wave) {
  const lines = [`${wave.name}: ${wave.addresses} addresses in ` +
    `${wave.seconds} s${wave.pace > 1 ? `, at ${wave.pace} times the pace` : ""}` +
    `, MLGateSwarmMaxShare ${wave.share}${wave.heldBack ? ", held back" : ""}`];
  for (const [who, t] of Object.entries(wave.tallies)) {
    lines.push(`  ${who.padEnd(24)} ${String(t.clients).padStart(6)} clients, ` +
      `${String(t.refusedClients).padStart(6)} refused (${percent(
        t.refusedClients, t.clients)}); of ${t.requests} pages ${t.refused} ` +
      `(${percent(t.refused, t.requests)})` + (who !== "members" ? ""
      : `, of those after the first ${EARLY} ${percent(t.lateRefused, t.late)}` +
        `; the first after ${t.foundS?.toFixed(1) ?? "-"} s`));
  }
  lines.push(`  ${wave.sent} requests, ${wave.lost} without an answer, ` +
    `${wave.blocks} blocks`);
  for (const s of wave.swarms) {
    lines.push(`  told: ${s.words}`);
  }
  return lines.join("\n");
}

// ---- the run -----------------------------------------------------------------

try {
  const names = (process.env.KINDS || Object.keys(KINDS).join(" "))
    .split(/[ ,]+/);
  const unknown = names.filter((name) => !Object.hasOwn(KINDS, name));
  if (unknown.length > 0) {
    throw new Error(`KINDS: ${unknown} is none of ` +
      Object.keys(KINDS).join(", "));
  }
  mkdirSync(outDir, { recursive: true });
  const waves = [];
  for (const name of names) {
    waves.push(await runWave(name));
    console.log(describe(waves.at(-1)));
    writeFileSync(join(outDir, "swarms.txt"),
      waves.map(describe).join("\n") + "\n");
    writeFileSync(join(outDir, "swarms.json"), JSON.stringify(waves, null, 1));
  }
  await leave(0);
} catch (problem) {
  if (!isStopping) {
    console.error(`make traffic-swarms: ${problem.message}`);
  }
  await leave(1);
}
