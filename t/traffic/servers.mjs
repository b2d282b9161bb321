// SPDX-License-Identifier: Apache-2.0
//
// The gate and what is behind it, for one run; and everything else that the
// run starts. Nothing of it outlives the run.

import { execFile, execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync,
  readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export const ports = (base) => ({ gate: base, tls: base + 1, shop: base + 2,
  apps: base + 3, driver: base + 4 });

function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    socket.on("connect", () => { socket.destroy(); resolve(true); });
    socket.on("error", () => resolve(false));
  });
}

export class Servers {
  #children = [];

  // Below /tmp, because httpd's user may not enter the place we are in.
  constructor(base) {
    this.port = ports(base);
    this.scratch = mkdtempSync(join(tmpdir(), "mlgate-traffic."));
    chmodSync(this.scratch, 0o755);
  }

  spawn(command, args, env) {
    const child = spawn(command, args, { detached: true,
      env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    child.output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => {
        child.output = (child.output + text).slice(-20000);
      });
    }
    child.ended = new Promise((done) => {
      child.on("exit", (code) => done(code ?? 1));
      child.on("error", (problem) => {
        child.output += problem.message;
        done(127);
      });
    });
    child.ended.then(() => { child.isOver = true; });
    this.#children.push(child);
    return child;
  }

  // Start one of ours and wait until it accepts connections.
  async start(name, port, command, args) {
    const child = this.spawn(command, args);
    for (let i = 0; !child.isOver && i < 300; i++) {
      if (await answers(port)) {
        return child;
      }
      await sleep(100);
    }
    throw new Error(`${name} did not start: ${child.output}${this.#log(name)}`);
  }

  #log(name) {
    const file = join(this.scratch, `${name}-error.log`);
    return existsSync(file) ? readFileSync(file, "utf8").slice(-2000) : "";
  }

  async #httpd(name, port, conf, defines) {
    const modules = (await run("apxs", ["-q", "LIBEXECDIR"])).stdout.trim();
    const bin = (await run("apxs", ["-q", "SBINDIR"])).stdout.trim();
    const program = (await run("apxs", ["-q", "PROGNAME"])).stdout.trim();
    const file = join(this.scratch, `${name}.conf`);
    writeFileSync(file, Object.entries({ MODULES: modules, RUN: this.scratch,
      ...defines }).map(([n, v]) => `Define ${n} "${v}"\n`).join("") +
      `Include "${conf}"\n`);
    return this.start(name, port, join(bin, program),
      ["-DFOREGROUND", "-d", this.scratch, "-f", file]);
  }

  // module  mod_mlgate.so; log where its observations go; both absolute
  async serve(module, log) {
    for (const port of Object.values(this.port)) {
      if (await answers(port)) {
        throw new Error(`port ${port} of 127.0.0.1 is in use: give five ` +
          "others with TRAFFIC_PORT=");
      }
    }
    const shop = join(this.scratch, "shop");
    cpSync("conf/demo", shop, { recursive: true });
    cpSync("t/traffic/apps.lua", join(shop, "apps.lua"));
    execFileSync("chmod", ["-R", "a+rX", shop]);
    await run("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt",
      "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
      "/CN=shop.test", "-addext", "basicConstraints=CA:FALSE", "-keyout",
      join(this.scratch, "key.pem"), "-out", join(this.scratch, "cert.pem")]);
    const common = { SHOP: shop, SHOP_PORT: this.port.shop,
      APPS_PORT: this.port.apps };
    this.backend = await this.#httpd("shop", this.port.shop,
      join(process.cwd(), "t/traffic/backend.conf"), common);
    this.gate = await this.#httpd("gate", this.port.gate,
      join(process.cwd(), "t/traffic/gate.conf"),
      { ...common, GATE: module, LOG: log, PORT: this.port.gate,
        TLS_PORT: this.port.tls });
  }

  // Ends one of ours in order, so that it writes its last lines.
  async end(child, ms = 10000) {
    if (!child.isOver) {
      child.kill("SIGTERM");
      await Promise.race([child.ended, sleep(ms)]);
    }
  }

  // What names our scratch directory on its command line is ours, too: a
  // browser leaves its driver's process group.
  #strays() {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return Number(pid) !== process.pid && readFileSync(
            `/proc/${pid}/cmdline`, "utf8").includes(this.scratch);
        } catch {
          return false; // it has ended meanwhile
        }
      }).map(Number);
  }

  async stop() {
    await Promise.all(this.#children.map((child) => this.end(child, 3000)));
    for (const child of this.#children) {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // nobody is left
      }
    }
    for (const pid of this.#strays()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // nobody is left
      }
    }
    await sleep(100);
    rmSync(this.scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

// Passes connections on as they are, from an address that a program cannot
// choose itself; to the TLS port where the first byte says so. What is passed
// on takes half a round trip each way.
export async function forwarder({ address, roundTripMs }, port) {
  const open = new Set();
  const later = (act) => setTimeout(act, roundTripMs / 2);
  const carry = (from, to) => {
    from.on("data", (part) => later(() => to.destroyed || to.write(part)));
    from.on("end", () => later(() => to.end()));
    from.on("error", () => later(() => to.destroy()));
    from.on("close", () => later(() => to.end()));
  };
  const server = net.createServer({ noDelay: true, allowHalfOpen: true },
    (near) => {
      open.add(near);
      near.on("close", () => open.delete(near));
      near.on("error", () => {});
      near.once("data", (first) => {
        near.pause();
        later(() => {
          if (near.destroyed) {
            return;
          }
          const far = net.connect({ host: "127.0.0.1", localAddress: address,
            noDelay: true, allowHalfOpen: true,
            port: first[0] === 0x16 ? port.tls : port.gate });
          far.write(first);
          carry(far, near);
          carry(near, far);
          near.resume();
        });
      });
    });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { port: server.address().port, close() {
    server.close();
    for (const socket of open) {
      socket.destroy();
    }
  } };
}
