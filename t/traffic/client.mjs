// SPDX-License-Identifier: Apache-2.0
//
// One client on the wire: an address of its own to speak from, its
// connections, and a count of what it sent and what became of it. HTTP/1.1
// header fields go out in the order and the case in which they are given; so
// do those of HTTP/2 (in lower case), which is spoken without TLS.

import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import zlib from "node:zlib";

export const HOST = "shop.test";

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

const IDLE_MS = 4000; // less than KeepAliveTimeout, so that no request races it

export class Client {
  constructor({ address, chance, stage }) {
    this.address = address;
    this.chance = chance;
    this.stage = stage; // { port, endsAt }
    this.started = 0;   // requests that were begun
    this.answered = 0;  // of them, those with a status
    this.failed = [];   // why the others were not
    this.first = 0;     // ms since the epoch
    this.last = 0;
    this.sessions = new Set();
    this.agents = new Map();
  }

  now() {
    return Date.now();
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

  #begin() {
    if (Date.now() >= this.stage.endsAt) {
      throw new Over();
    }
    this.started++;
    this.last = Date.now();
    this.first ||= this.last;
  }

  #agent(lane, lanes, keep) {
    const name = `${lane} ${keep}`;
    if (!this.agents.has(name)) {
      this.agents.set(name, new http.Agent({ keepAlive: keep,
        maxSockets: lanes, maxFreeSockets: lanes, timeout: IDLE_MS,
        scheduling: "fifo" }));
    }
    return this.agents.get(name);
  }

  // Ask over HTTP/1.1.
  //
  //   headers  [name, value] pairs; Host is put first unless it is there
  //   keep     use a connection again; lane names a set of connections of
  //            which `lanes` are open at most
  //
  // Resolves to { status, headers, text }; status 0 when there is no answer.
  h1(method, target, headers, { body, keep = true, lane = "", lanes = 6 } = {}) {
    this.#begin();
    const fields = headers.some(([name]) => name.toLowerCase() === "host")
      ? [...headers] : [["Host", HOST], ...headers];
    if (body !== undefined) {
      fields.push(["Content-Length", String(Buffer.byteLength(body))]);
    }
    return new Promise((resolve) => {
      const request = http.request({ host: "127.0.0.1", port: this.stage.port,
        localAddress: this.address, method, path: target, headers: fields,
        agent: this.#agent(lane, lanes, keep) });
      const fail = (problem) => {
        if (!request.isSettled) {
          request.isSettled = true;
          this.failed.push(problem.code ?? problem.message);
        }
        resolve({ status: 0, headers: {}, text: "" });
      };
      request.on("error", fail);
      request.on("response", (answer) => {
        const parts = [];
        request.isSettled = true;
        this.answered++;
        answer.on("data", (part) => parts.push(part));
        answer.on("error", () => {});
        answer.on("close", () => resolve({ status: answer.statusCode,
          headers: answer.headers, text: textOf(answer.headers, parts) }));
      });
      request.end(body);
    });
  }

  // An HTTP/2 connection to ask over; see h2().
  connect() {
    const session = http2.connect(`http://127.0.0.1:${this.stage.port}`, {
      createConnection: () => net.connect({ host: "127.0.0.1",
        port: this.stage.port, localAddress: this.address }) });
    session.on("error", () => {});
    session.on("close", () => this.sessions.delete(session));
    session.setTimeout(IDLE_MS, () => session.close());
    this.sessions.add(session);
    return session;
  }

  // Ask over HTTP/2: over `session`, or over one that is kept for the client.
  h2(method, target, headers, { body, session } = {}) {
    this.#begin();
    if (session === undefined) {
      if (this.kept === undefined || this.kept.closed || this.kept.destroyed) {
        this.kept = this.connect();
      }
      session = this.kept;
    }
    const fields = { ":method": method, ":authority": HOST, ":scheme": "http",
      ":path": target };
    for (const [name, value] of headers) {
      fields[name.toLowerCase()] = value;
    }
    if (body !== undefined) {
      fields["content-length"] = String(Buffer.byteLength(body));
    }
    return new Promise((resolve) => {
      let status = 0;
      let answered = {};
      const parts = [];
      let stream;
      let why = "closed";
      const done = () => {
        if (status > 0) {
          this.answered++;
        }
        else {
          this.failed.push(why);
        }
        resolve({ status, headers: answered,
          text: textOf(answered, parts) });
      };
      try {
        stream = session.request(fields, { endStream: body === undefined });
      } catch (problem) {
        why = problem.code;
        done();
        return;
      }
      stream.on("response", (answer) => {
        status = answer[":status"];
        answered = answer;
      });
      stream.on("data", (part) => parts.push(part));
      stream.on("error", (problem) => { why = problem.code; });
      stream.on("close", done);
      if (body !== undefined) {
        stream.end(body);
      }
    });
  }

  // Hang up.
  close() {
    for (const agent of this.agents.values()) {
      agent.destroy();
    }
    for (const session of this.sessions) {
      session.destroy();
    }
  }
}
