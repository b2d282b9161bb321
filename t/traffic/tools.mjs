// SPDX-License-Identifier: Apache-2.0
//
// Real tools as attackers use them. They count for themselves; what they say
// is held against the gate's log like everything else.

import { HOST, Over } from "./client.mjs";
import { forwarder } from "./servers.mjs";

async function finish(c, child, pattern, name) {
  const code = await child.ended;
  const done = child.output.match(pattern);
  if (code !== 0 || done === null) {
    throw new Error(`${name} failed (${code}): ${child.output.trim()}`);
  }
  c.started = c.answered = Number(done[1]);
}

export const TOOLS = {
  async ab(c) {
    const n = c.chance.whole(100, 800);
    const child = c.stage.spawn("ab", ["-q", "-n", String(n), "-c",
      String(c.chance.pick([1, 2, 8, 20])), "-B", c.address,
      ...(c.chance.is(0.5) ? ["-k"] : []), "-H", `Host: ${HOST}`,
      `http://127.0.0.1:${c.stage.port}${c.chance.pick(["/", "/list", "/gallery"])}`]);
    await finish(c, child, /^Complete requests: +(\d+)/m, "ab");
  },
  async h2load(c) {
    const way = await forwarder(c.address, c.stage.ports);
    try {
      const child = c.stage.spawn("h2load", ["-n", String(c.chance.whole(100, 800)),
        "-c", String(c.chance.whole(1, 4)), "-m", String(c.chance.whole(1, 10)),
        "-H", `:authority: ${HOST}`,
        `http://127.0.0.1:${way.port}${c.chance.pick(["/", "/list"])}`]);
      await finish(c, child, /(\d+) succeeded/, "h2load");
    } finally {
      way.close();
    }
  },
};

export { Over };
