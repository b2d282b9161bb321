// SPDX-License-Identifier: Apache-2.0
//
// One client on the wire: an address of its own to speak from, its
// connections, and a count of what it sent and what became of it. HTTP/1.1
// header fields go out in the order and the case in which they are given; so
// do those of HTTP/2 (in lower case), which is spoken without TLS. HTTP/1.1 is
// spoken over TLS where the gate would take note.

import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import zlib from "node:zlib";

export const HOST = "shop.test";

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Thrown where a client would wait beyond the end of the run.
export class Over extends Error {}

// The body as the application wrote it.
function textOf(headers, parts) {
  const body = Buffer.concat(parts);
  try {
    return (headers["content-encoding"] === "gzip" ? zlib.gunzipSync(body)
      : body).toString("latin1");
  } catch {
    return ""; // cut off
  }
}

const IDLE_MS = 4500; // less than KeepAliveTimeout, so that no request races it
const SHAKES = 2; // round trips before the first request: TCP's and TLS 1.3's
const REFUSED = "reset 7"; // REFUSED_STREAM

export class Client {
  // roundTripMs  how far away it is: loopback has no distance, so that an
  //              answer is known, and a connection stands, so much later
  constructor({ address, chance, roundTripMs, stage }) {
    this.address = address;
    this.roundTripMs = roundTripMs;
    this.chance = chance;
    this.isSecure = false; // is HTTP/1.1 spoken over TLS from here on?
    this.stage = stage; // ports, endsAt and more: traffic.mjs
    this.started = 0;   // requests that were begun
    this.answered = 0;  // of them, those with a status
    this.failed = [];   // why the others were not
    this.resent = 0;    // of those answered; the gate may have seen them twice
    this.open = 0;      // on the way
    this.sessions = new Map();
    this.lanes = new Map();
  }

  // Wait, or give up where that would be too long.
  async pause(ms) {
    const left = this.stage.endsAt - Date.now();
    await new Promise((done) => setTimeout(done,
      Math.max(0, Math.min(ms, left))));
    if (ms >= left) {
      throw new Over();
    }
  }

  // Wait for up to `ms`, but not for more than a fifth of what is left.
  settle(ms) {
    const left = this.stage.endsAt - Date.now();
    return this.pause(this.chance.between(0, Math.min(ms, left / 5)));
  }

  #begin() {
    if (Date.now() >= this.stage.endsAt) {
      throw new Over();
    }
    this.started++;
    this.open++;
  }

  // Connections of HTTP/1.1 that are used together.
  #lane(name, keep) {
    const key = `${name} ${keep} ${this.isSecure}`;
    if (!this.lanes.has(key)) {
      const protocol = this.isSecure ? https : http;
      this.lanes.set(key, { busy: 0, waiting: [], protocol,
        port: this.isSecure ? this.stage.ports.tls : this.stage.ports.gate,
        agent: new protocol.Agent({ timeout: IDLE_MS, keepAlive: keep,
          scheduling: "fifo" }) });
    }
    return this.lanes.get(key);
  }

  // Ask over HTTP/1.1.
  //
  //   headers  [name, value] pairs; Host is put first unless it is there
  //   keep     use a connection again; lane names a set of connections of
  //            which `lanes` are open at most
  //
  // Resolves to { status, headers, text }; status 0 when there is no answer.
  async h1(method, target, headers, { body, keep = true, lane = "",
    lanes = 6 } = {}) {
    const fields = headers.some(([name]) => name.toLowerCase() === "host")
      ? [...headers] : [["Host", HOST], ...headers];
    if (body !== undefined) {
      fields.push(["Content-Length", String(Buffer.byteLength(body))]);
    }
    const way = this.#lane(lane, keep);
    if (way.busy >= lanes) {
      await new Promise((wake) => way.waiting.push(wake));
    }
    way.busy++;
    try {
      if (Object.keys(way.agent.freeSockets).length === 0) {
        await sleep(SHAKES * this.roundTripMs);
      }
      this.#begin();
      const answer = await this.#send(way, method, target, fields, body);
      this.open--;
      await sleep(this.roundTripMs);
      return answer;
    } finally {
      way.busy--;
      way.waiting.shift()?.();
    }
  }

  #send({ protocol, port, agent }, method, path, fields, body) {
    return new Promise((resolve) => {
      const request = protocol.request({ host: "127.0.0.1", port, agent,
        localAddress: this.address, method, path, setHost: false,
        rejectUnauthorized: false });
      request.removeHeader("Connection"); // node would say more than is told
      for (const [name, value] of fields) {
        request.setHeader(name, value);
      }
      let isSettled = false;
      request.on("error", (problem) => {
        if (!isSettled) {
          isSettled = true;
          this.failed.push(problem.code ?? problem.message);
        }
        resolve({ status: 0, headers: {}, text: "" });
      });
      request.on("response", (answer) => {
        const parts = [];
        isSettled = true;
        this.answered++;
        answer.on("data", (part) => parts.push(part));
        answer.on("error", () => {});
        answer.on("close", () => resolve({ status: answer.statusCode,
          headers: answer.headers, text: textOf(answer.headers, parts) }));
      });
      request.end(body);
    });
  }

  // A connection of HTTP/2, once it stands.
  #session(lane) {
    const known = this.sessions.get(lane);
    if (known !== undefined && !known.session?.closed &&
        !known.session?.destroyed) {
      return known.ready;
    }
    const made = { ready: sleep(SHAKES * this.roundTripMs).then(() => {
      made.session = http2.connect(`http://127.0.0.1:${this.stage.ports.gate}`, {
        createConnection: () => net.connect({ host: "127.0.0.1",
          port: this.stage.ports.gate, localAddress: this.address }) });
      made.session.on("error", () => {}); // its streams tell
      made.session.setTimeout(IDLE_MS, () => made.session.close());
      return made.session;
    }) };
    this.sessions.set(lane, made);
    return made.ready;
  }

  // Ask over HTTP/2, each lane a connection. What the server has refused to
  // look at, because it was about to close, is sent once more, as browsers do.
  async h2(method, target, headers, { body, lane = "" } = {}) {
    const fields = { ":method": method, ":authority": HOST, ":scheme": "http",
      ":path": target };
    for (const [name, value] of headers) {
      fields[name.toLowerCase()] = value;
    }
    if (body !== undefined) {
      fields["content-length"] = String(Buffer.byteLength(body));
    }
    let session = await this.#session(lane);
    this.#begin();
    let answer = await this.#stream(session, fields, body);
    if (answer.why === REFUSED) {
      this.resent++;
      session.close();
      session = await this.#session(lane);
      answer = await this.#stream(session, fields, body);
    }
    this.open--;
    if (answer.status > 0) {
      this.answered++;
    }
    else {
      this.failed.push(`HTTP/2 ${answer.why}`);
    }
    await sleep(this.roundTripMs);
    return answer;
  }

  #stream(session, fields, body) {
    return new Promise((resolve) => {
      const parts = [];
      let headers = {};
      let why = "closed";
      const done = () => resolve({ status: headers[":status"] ?? 0, headers,
        text: textOf(headers, parts), why });
      try {
        const stream = session.request(fields,
          { endStream: body === undefined });
        stream.on("response", (fields) => { headers = fields; });
        stream.on("data", (part) => parts.push(part));
        stream.on("error", (problem) => {
          why = problem.code === "ERR_HTTP2_STREAM_ERROR"
            ? `reset ${stream.rstCode}` : problem.code;
        });
        stream.on("close", done);
        if (body !== undefined) {
          stream.end(body);
        }
      } catch (problem) { // the connection has just gone
        why = problem.code === "ERR_HTTP2_GOAWAY_SESSION" ||
          problem.code === "ERR_HTTP2_INVALID_SESSION" ? REFUSED : problem.code;
        done();
      }
    });
  }

  // Hang up.
  close() {
    for (const { agent } of this.lanes.values()) {
      agent.destroy();
    }
    for (const { session } of this.sessions.values()) {
      session?.destroy();
    }
  }
}
