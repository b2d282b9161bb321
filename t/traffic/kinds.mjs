// SPDX-License-Identifier: Apache-2.0
//
// Who there is, which of them are kept out of training, and who takes part in
// a run.

import { ATTACKERS } from "./attackers.mjs";
import { Chance } from "./chance.mjs";
import { CHROMIUM } from "./chromium.mjs";
import { PEOPLE } from "./people.mjs";
import { PROGRAMS } from "./programs.mjs";

// The kinds that are in `validate` and in no other set. A model that was
// trained on `train` has seen no client of them; `train` has all others and
// only those.
export const KEPT_APART = new Set([
  // people
  "chromium_shopper_h1", "chromium_shopper_h2", "chromium_photos_h2",
  "chromium_prefetch", "chromium_no_scripts",
  "person_safari", "person_firefox_quick", "newsletter_crowd", "office_nat",
  "tor_exit", "resist_fingerprinting", "dillo_no_js", "dashboard_10hz",
  "spa_prefetch", "thumbs_60_h2",
  // programs that work for people
  "feed_reader_desktop", "podcast", "sync_caldav", "phone_graphql",
  "api_client_java", "webhook_sender", "git_clone", "package_mirror",
  "map_tiles", "dash_video", "link_preview_burst", "blackbox_monitor",
  "head_monitor", "bingbot",
  // attackers
  "flood_h2_random_query", "flood_search_like_browser", "flood_post",
  "flood_assets", "flood_ramp", "flood_h2load", "swarm",
  "ua_rotator_with_session", "patient_scraper", "scraper_with_assets",
  "api_scraper", "password_spray", "password_guess_admin", "api_key_guess",
  "backup_file_hunt", "sql_injection", "cart_bot",
]);

const GROUPS = [
  // table, when its clients begin, as a share of the run
  { table: CHROMIUM, begin: [0, 0.2], isChromium: true },
  { table: PEOPLE, begin: [0, 0.55] },
  { table: PROGRAMS, begin: [0, 0.1] },
  { table: ATTACKERS, begin: [0.02, 0.65] },
];
// Those that need the whole run.
const EARLY = new Set(["carrier_nat_500", "office_nat", "slow_scraper",
  "patient_scraper", "flood_ramp"]);

// seconds    how long a set takes
// clients    of a kind at most
export const SETS = {
  train: { seconds: 350, clients: Infinity,
    has: (kind) => !KEPT_APART.has(kind) },
  validate: { seconds: 230, clients: Infinity,
    has: (kind) => KEPT_APART.has(kind) },
  check: { seconds: 20, clients: 1, has: (kind) => !(kind in CHROMIUM) ||
    ["chromium_reader_h1", "chromium_shopper_h2"].includes(kind) },
};

export const KINDS = Object.assign({}, ...GROUPS.map((group) => group.table));

for (const kind of KEPT_APART) {
  if (!(kind in KINDS)) {
    throw new Error(`kinds.mjs keeps ${kind} apart, which is no kind`);
  }
}

// Who takes part: [{ kind, class, number, address, roundTripMs,
// beginMs, chance, play }].
// The same seed gives the same list.
export function plan(setName, seed, hasChromium) {
  const set = SETS[setName];
  const taken = new Set();
  const clients = [];
  for (const group of GROUPS) {
    for (const [kind, [name, n, play]] of Object.entries(group.table)) {
      if (!set.has(kind) || (group.isChromium && !hasChromium)) {
        continue;
      }
      for (let number = 0; number < Math.min(n, set.clients); number++) {
        const chance = new Chance(seed, setName, kind, number);
        let network;
        do { // a /24 of its own
          network = `127.${chance.whole(16, 250)}.${chance.whole(0, 255)}`;
        } while (taken.has(network));
        taken.add(network);
        const [low, high] = EARLY.has(kind) ? [0, 0.04] : group.begin;
        clients.push({ kind, class: name, number, chance, play,
          address: `${network}.${chance.whole(1, 254)}`,
          roundTripMs: chance.spread(4, 160),
          beginMs: 1000 * set.seconds * chance.between(low, high) });
      }
    }
  }
  return clients;
}
