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

const IDLE_MS = 4500; // less than KeepAliveTimeout, so that no request races it
const REFUSED = "reset 7"; // REFUSED_STREAM

export class Client {
  constructor({ address, chance, stage }) {
    this.address = address;
    this.chance = chance;
    this.stage = stage; // { port, endsAt }
    this.started = 0;   // requests that were begun
    this.answered = 0;  // of them, those with a status
    this.failed = [];   // why the others were not
    this.sessions = new Map();
    this.agents = new Map();
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

  #session(lane) {
    const known = this.sessions.get(lane);
    if (known !== undefined && !known.closed && !known.destroyed) {
      return known;
    }
    const session = http2.connect(`http://127.0.0.1:${this.stage.port}`, {
      createConnection: () => net.connect({ host: "127.0.0.1",
        port: this.stage.port, localAddress: this.address }) });
    session.on("error", () => {}); // its streams tell
    session.setTimeout(IDLE_MS, () => session.close());
    this.sessions.set(lane, session);
    return session;
  }

  // Ask over HTTP/2, each lane a connection. What the server has refused to
  // look at, because it was about to close, is sent once more, as browsers do.
  async h2(method, target, headers, { body, lane = "" } = {}) {
    this.#begin();
    const fields = { ":method": method, ":authority": HOST, ":scheme": "http",
      ":path": target };
    for (const [name, value] of headers) {
      fields[name.toLowerCase()] = value;
    }
    if (body !== undefined) {
      fields["content-length"] = String(Buffer.byteLength(body));
    }
    let answer = await this.#stream(lane, fields, body);
    if (answer.why === REFUSED) {
      this.sessions.delete(lane);
      answer = await this.#stream(lane, fields, body);
    }
    if (answer.status > 0) {
      this.answered++;
    }
    else {
      this.failed.push(`HTTP/2 ${answer.why}`);
    }
    return answer;
  }

  #stream(lane, fields, body) {
    return new Promise((resolve) => {
      const parts = [];
      let headers = {};
      let why = "closed";
      const done = () => resolve({ status: headers[":status"] ?? 0, headers,
        text: textOf(headers, parts), why });
      try {
        const stream = this.#session(lane)
          .request(fields, { endStream: body === undefined });
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
    for (const agent of this.agents.values()) {
      agent.destroy();
    }
    for (const session of this.sessions.values()) {
      session.destroy();
    }
  }
}
