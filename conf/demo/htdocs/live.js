// SPDX-License-Identifier: Apache-2.0
// Keeps stock and kiln temperature up to date while the page is open.
"use strict";

async function show(url, draw) {
  try {
    const answer = await fetch(url);
    if (answer.ok) {
      draw(await answer.json());
    }
  } catch {
    // offline, or the page is going away: the next round tells
  }
}

function every(seconds, look) {
  look();
  setInterval(() => document.hidden || look(), seconds * 1000);
}

every(4, () => show("/api/kiln", (kiln) => {
  document.querySelector("[data-kiln]").textContent = kiln.celsius + " °C";
}));

const labels = document.querySelectorAll("[data-stock]");
if (labels.length > 0) {
  every(8, () => show("/api/stock", (stock) => {
    for (const label of labels) {
      const n = stock[label.dataset.stock];
      label.textContent = n > 0 ? n + " in stock" : "sold out";
    }
  }));
}
