// SPDX-License-Identifier: Apache-2.0
//
// Real tools as attackers use them. They count for themselves; what they say
// is held against the gate's log like everything else.

import { HOST } from "./client.mjs";
import { forwarder } from "./servers.mjs";

// A tool that is run over a forwarder. Its count may hold requests that were
// never answered, one a connection: ab takes a connection that was closed for
// an answer.
//
//   counts       what it says at the end, with the number of requests
//   argumentsOf  by client and port: [connections, arguments]
function tool(name, counts, argumentsOf) {
  return async (c) => {
    const way = await forwarder(c, c.stage.ports);
    const [connections, args] = argumentsOf(c, way.port);
    try {
      const child = c.stage.spawn(name, args);
      const code = await child.ended;
      const said = child.output.match(counts);
      if (code !== 0 || said === null) {
        throw new Error(`${name} failed (${code}): ${child.output.trim()}`);
      }
      c.started = Number(said[1]);
      c.answered = Math.max(0, c.started - connections);
    } finally {
      way.close();
    }
  };
}

const url = (port, path) => `http://127.0.0.1:${port}${path}`;

// As many requests as are through in half of the time that is left.
function requests(c, atOnce) {
  const rounds = (c.stage.endsAt - Date.now()) / 2 / (c.roundTripMs + 20);
  return String(Math.ceil(Math.min(c.chance.whole(100, 800), rounds * atOnce)));
}

export const TOOLS = {
  ab: tool("ab", /^Complete requests: +(\d+)/m, (c, port) => {
    const connections = c.chance.pick([2, 4, 8, 20]);
    return [connections, ["-q", "-n", requests(c, connections),
      "-c", String(connections), ...(c.chance.is(0.5) ? ["-k"] : []),
      "-H", `Host: ${HOST}`,
      url(port, c.chance.pick(["/", "/list", "/gallery"]))]];
  }),
  h2load: tool("h2load", /(\d+) succeeded/, (c, port) => {
    const connections = c.chance.whole(1, 4);
    const streams = c.chance.whole(1, 10);
    return [connections, ["-n", requests(c, connections * streams),
      "-c", String(connections), "-m", String(streams),
      "-H", `:authority: ${HOST}`, url(port, c.chance.pick(["/", "/list"]))]];
  }),
};
