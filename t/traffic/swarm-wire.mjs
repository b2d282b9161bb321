// SPDX-License-Identifier: Apache-2.0
//
// Requests of thousands of clients over a few kept connections, as a balancer
// sends them: each names its client in X-Forwarded-For. A connection has one
// request at a time; a request that finds none free opens another.

import net from "node:net";

import { HOST } from "./client.mjs";

class Lane {
  constructor(port) {
    this.socket = net.connect({ host: "127.0.0.1", port, noDelay: true });
    this.seen = Buffer.alloc(0);
    this.socket.on("data", (part) => this.#read(part));
    this.socket.on("error", () => this.#end());
    this.socket.on("close", () => this.#end());
  }

  ask(text) {
    return new Promise((done) => {
      this.done = done;
      this.socket.write(text);
    });
  }

  // An answer says how long it is: there are files and refusals here.
  #read(part) {
    this.seen = this.seen.length > 0 ? Buffer.concat([this.seen, part]) : part;
    const end = this.seen.indexOf("\r\n\r\n");
    if (end < 0) {
      return;
    }
    const head = this.seen.toString("latin1", 0, end);
    const length = head.match(/\r\nContent-Length: (\d+)/i);
    if (length === null) {
      throw new Error(`an answer without its length: ${head}`);
    }
    const whole = end + 4 + Number(length[1]);
    if (this.seen.length >= whole) {
      this.seen = this.seen.subarray(whole);
      this.isOver = /\r\nConnection: close/i.test(head);
      this.#settle(Number(head.slice(9, 12)));
    }
  }

  #end() {
    this.isOver = true;
    this.#settle(0);
  }

  #settle(status) {
    const { done } = this;
    this.done = undefined;
    done?.(status);
  }
}

export class Wire {
  #free = [];
  #all = new Set();

  constructor(port) {
    this.port = port;
    this.sent = 0;
    this.lost = 0; // without an answer
  }

  #take() {
    let lane = this.#free.pop();
    while (lane?.isOver) {
      this.#all.delete(lane);
      lane = this.#free.pop();
    }
    return lane;
  }

  #open() {
    const lane = new Lane(this.port);
    this.#all.add(lane);
    return lane;
  }

  // Resolves to the status; 0: no answer. Where a kept connection was closed
  // under the request it is sent once more, as browsers and balancers do.
  async get(address, path, fields) {
    const text = `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n` +
      fields.map(([name, value]) => `${name}: ${value}\r\n`).join("") +
      `X-Forwarded-For: ${address}\r\n\r\n`;
    const kept = this.#take();
    let lane = kept ?? this.#open();
    this.sent++;
    let status = await lane.ask(text);
    if (status === 0 && kept !== undefined) {
      lane = this.#open();
      status = await lane.ask(text);
    }
    this.#free.push(lane);
    this.lost += status === 0;
    return status;
  }

  close() {
    for (const { socket } of this.#all) {
      socket.destroy();
    }
  }
}
