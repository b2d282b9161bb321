// SPDX-License-Identifier: Apache-2.0
// Marks where we are in the menu and suggests names as one types.
"use strict";

for (const link of document.querySelectorAll("nav a")) {
  link.classList.toggle("here", link.pathname === location.pathname);
}

const box = document.querySelector(".search input");
const list = document.getElementById("suggestions");
let timer;

box.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const answer = await fetch(
      "/api/suggest?q=" + encodeURIComponent(box.value));
    if (answer.ok) {
      list.replaceChildren(...(await answer.json()).map(
        (name) => Object.assign(document.createElement("option"),
          { value: name })));
    }
  }, 150);
});
