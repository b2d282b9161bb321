// SPDX-License-Identifier: Apache-2.0
//
// The header fields of headers.txt, by program.

import { readFileSync } from "node:fs";

const programs = new Map();
let fields;

for (const line of readFileSync(new URL("headers.txt", import.meta.url),
  "utf8").split("\n")) {
  const program = line.match(/^\[(\S+)\]$/);
  const field = line.match(/^([\w-]+): (.*)$/);
  if (program !== null) {
    programs.set(program[1], fields = []);
  }
  else if (field !== null) {
    fields.push([field[1], field[2]]);
  }
}

// [name, value] pairs, the caller's own.
export function fieldsOf(program) {
  if (!programs.has(program)) {
    throw new Error(`headers.txt has no [${program}]`);
  }
  return [...programs.get(program)];
}

// Those of one of these programs, for a client.
export const oneOf = (c, programs) => fieldsOf(c.chance.pick(programs));
