"use strict";
const byId = (name) => document.getElementById(name);
let photo = null, bitmap = null, region = null, request = 0;

async function ask(path, body) {
  const response = await fetch(path, body ? {method: "POST", body} : {});
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}

function draw(heat) {
  const view = byId("view"), scale = Math.min(1, 520 / bitmap.width, 520 / bitmap.height);
  view.width = Math.max(1, Math.round(bitmap.width * scale));
  view.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = view.getContext("2d");
  context.drawImage(bitmap, 0, 0, view.width, view.height);
  if (!heat) return;
  // What the network does not see is dark, and what it sees is the brighter the more a part speaks for the class.
  const most = Math.max(...heat.drops, 1e-9), cells = document.createElement("canvas");
  cells.width = cells.height = heat.cells;
  const small = cells.getContext("2d"), shade = small.createImageData(heat.cells, heat.cells);
  heat.drops.forEach((drop, index) => {
    const share = Math.max(0, drop) / most;
    shade.data.set([255 * share, 140 * share, 0, 200 - 140 * share], 4 * index);
  });
  small.putImageData(shade, 0, 0);
  context.fillStyle = "rgba(0,0,0,.8)";
  const [x, y, width, height] = [region.left * view.width, region.top * view.height, region.width * view.width,
                                 region.height * view.height];
  context.fillRect(0, 0, view.width, y);
  context.fillRect(0, y + height, view.width, view.height - y - height);
  context.fillRect(0, y, x, height);
  context.fillRect(x + width, y, view.width - x - width, height);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(cells, x, y, width, height);
}

async function explain(row, entry) {
  const mine = ++request;
  for (const other of byId("classes").children) other.classList.toggle("chosen", other === row);
  byId("caption").textContent = "looking for what speaks for this class …";
  try {
    const heat = await ask(`/photo/${encodeURIComponent(byId("model").value)}/heatmap?class=${entry.index}`, photo);
    if (mine !== request) return;
    draw(heat);
    byId("caption").textContent = `what speaks for ${name(entry)}`;
  } catch (error) {
    if (mine === request) byId("caption").textContent = error.message;
  }
}

const name = (entry) => entry.label ?? `class ${entry.index}`;

function list(answer) {
  const rows = answer.top.map((entry) => {
    const row = document.createElement("tr"), percent = (entry.probability * 100).toFixed(1);
    for (const [text, kind] of [[name(entry), ""], [`${percent} %`, "n"], ["", "bar"]]) {
      const cell = row.insertCell();
      cell.className = kind;
      cell.textContent = text;
    }
    const bar = row.cells[2].appendChild(document.createElement("div"));
    bar.style.width = `${percent}%`;
    row.addEventListener("click", () => explain(row, entry));
    return row;
  });
  byId("classes").replaceChildren(...rows);
  byId("times").textContent = `network ${answer.latency_ms.toFixed(2)} ms, decoding and resizing ` +
    `${answer.preparation_ms.toFixed(1)} ms`;
  return rows;
}

async function classify() {
  if (!photo) return;
  const mine = ++request;
  byId("problem").textContent = "";
  try {
    bitmap = await createImageBitmap(photo, {imageOrientation: "none"}).catch(() => null);
    if (!bitmap) throw new Error("The browser cannot show this file: drop a JPEG or PNG.");
    const answer = await ask(`/photo/${encodeURIComponent(byId("model").value)}`, photo);
    if (mine !== request) return;
    region = answer.region;
    byId("answer").hidden = false;
    draw(null);
    const rows = list(answer);
    if (rows.length) await explain(rows[0], answer.top[0]);
  } catch (error) {
    byId("answer").hidden = true;
    byId("problem").textContent = error.message;
  }
}

function take(files) {
  if (files.length) [photo] = files;
  classify();
}

async function start() {
  const drop = byId("drop"), file = byId("file");
  drop.addEventListener("click", () => file.click());
  drop.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") file.click(); });
  file.addEventListener("change", () => take(file.files));
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind === "drop") take(event.dataTransfer.files);
    });
  }
  byId("model").addEventListener("change", classify);
  const {models} = await ask("/photo");
  byId("model").replaceChildren(...models.map((model) => new Option(model, model)));
  if (!models.length) byId("problem").textContent = "No model here says how a photo becomes its input.";
}

start().catch((error) => { byId("problem").textContent = error.message; });
