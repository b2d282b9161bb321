// SPDX-License-Identifier: Apache-2.0
//
// Real tools as attackers use them. They count for themselves; what they say
// is held against the gate's log like everything else.

import { HOST } from "./client.mjs";
import { forwarder } from "./servers.mjs";

async function finish(c, child, pattern, name) {
  const code = await child.ended;
  const done = child.output.match(pattern);
  if (code !== 0 || done === null) {
    throw new Error(`${name} failed (${code}): ${child.output.trim()}`);
  }
  c.started = c.answered = Number(done[1]);
}

// A tool that is run over a forwarder, with arguments by its port.
function tool(name, counts, argumentsOf) {
  return async (c) => {
    const way = await forwarder(c, c.stage.ports);
    try {
      const child = c.stage.spawn(name, argumentsOf(c, way.port));
      await finish(c, child, counts, name);
    } finally {
      way.close();
    }
  };
}

export const TOOLS = {
  ab: tool("ab", /^Complete requests: +(\d+)/m, (c, port) => ["-q",
    "-n", String(c.chance.whole(100, 800)),
    "-c", String(c.chance.pick([1, 2, 8, 20])),
    ...(c.chance.is(0.5) ? ["-k"] : []), "-H", `Host: ${HOST}`,
    `http://127.0.0.1:${port}${c.chance.pick(["/", "/list", "/gallery"])}`]),
  h2load: tool("h2load", /(\d+) succeeded/, (c, port) => [
    "-n", String(c.chance.whole(100, 800)), "-c", String(c.chance.whole(1, 4)),
    "-m", String(c.chance.whole(1, 10)), "-H", `:authority: ${HOST}`,
    `http://127.0.0.1:${port}${c.chance.pick(["/", "/list"])}`]),
};
