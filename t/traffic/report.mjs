// SPDX-License-Identifier: Apache-2.0
//
// What the gate wrote down, held against what the clients sent.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const AT = 2, ADDRESS = 3, IS = 13, STATUS = 28; // of a line of observations
const IS_LATE = 1 << 9; // MLG_IS_LATE

// address: { logged, late, ok, refused, first, last }, times in seconds
export async function readLog(file) {
  const seen = new Map();
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const field = line.split(" ");
    if (field[0] !== "mlg3") {
      continue;
    }
    const at = Number(field[AT]) / 1e6;
    const status = Number(field[STATUS]);
    const one = seen.get(field[ADDRESS]) ??
      { logged: 0, late: 0, ok: 0, refused: 0, first: at, last: at };
    one.logged++;
    one.late += (parseInt(field[IS], 16) & IS_LATE) !== 0;
    one.ok += status >= 200 && status < 300;
    one.refused += status >= 400 && status < 500;
    one.first = Math.min(one.first, at);
    one.last = Math.max(one.last, at);
    seen.set(field[ADDRESS], one);
  }
  return seen;
}

// The clients whose counts differ, as sentences. A request without an answer
// may have reached the gate or not. Where the application failed a stream,
// httpd logs two requests, the second one late. A browser's account misses
// what it gave up when it went to another page.
export function differences(clients, log) {
  const out = [];
  for (const c of clients) {
    const { logged, late } = log.get(c.address) ?? { logged: 0, late: 0 };
    const most = c.isChromium ? Infinity : c.resent +
      Math.max(c.started, c.answered + c.failed.length);
    if (logged < c.answered - (c.isChromium ? 3 : 0) || logged - late > most) {
      out.push(`${c.kind} ${c.address}: ${c.started} begun, ${c.answered} ` +
        `answered, ${logged} in the log`);
    }
  }
  const ours = new Set(clients.map((c) => c.address));
  for (const [address, { logged }] of log) {
    if (!ours.has(address)) {
      out.push(`${address}: nobody, ${logged} in the log`);
    }
  }
  return out;
}

// Why requests had no answer: { kind and reason: count }.
export function failures(clients) {
  const out = {};
  for (const c of clients) {
    for (const why of c.failed) {
      const name = `${c.kind} ${why}`;
      out[name] = (out[name] ?? 0) + 1;
    }
  }
  return out;
}

// One row a kind.
export function table(clients, log) {
  const rows = new Map();
  for (const c of clients) {
    const one = log.get(c.address);
    const row = rows.get(c.kind) ?? { kind: c.kind, class: c.class, clients: 0,
      requests: 0, ok: 0, refused: 0, rates: [] };
    row.clients += one !== undefined;
    if (one !== undefined) {
      row.requests += one.logged;
      row.ok += one.ok;
      row.refused += one.refused;
      if (one.logged > 1) {
        const seconds = Math.max(one.last - one.first, 0.001);
        row.rates.push((one.logged - 1) / seconds);
      }
    }
    rows.set(c.kind, row);
  }
  const line = (kind, name, n, requests, ok, refused, rate) =>
    `${kind.padEnd(30)} ${name.padEnd(16)} ${String(n).padStart(7)} ` +
    `${String(requests).padStart(8)} ${String(ok).padStart(7)} ` +
    `${String(refused).padStart(7)}  ${rate}`;
  const out = [line("kind", "class", "clients", "requests", "2xx", "4xx",
    "requests/s, least median most")];
  for (const r of rows.values()) {
    const rates = r.rates.sort((a, b) => a - b);
    const show = (x) => (x === undefined ? "-" : x.toPrecision(2)).padStart(7);
    out.push(line(r.kind, r.class, r.clients, r.requests, r.ok, r.refused,
      show(rates[0]) + show(rates[rates.length >> 1]) + show(rates.at(-1))));
  }
  return out.join("\n");
}
