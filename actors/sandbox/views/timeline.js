// A virtualised list: only the cards near the window exist, the others are made when they come near and removed after.

import { apology, stamp } from "./dom.js";

const GUESSED_HEIGHT = 150;
const OVERSCAN = 700;
const LOAD_AHEAD = 1200;

export class Timeline {
  // `load(cursor)` resolves to {entries, cursor}; `make(entry)` gives a node; `empty` is shown for a list without entries.
  constructor(column, { load, make, empty }) {
    this.load = load;
    this.make = make;
    this.empty = empty;
    this.entries = [];
    this.heights = [];
    this.cells = new Map();
    this.cursor = null;
    this.isLoading = false;
    this.box = document.createElement("section");
    this.box.className = "timeline";
    this.box.setAttribute("aria-label", "Timeline");
    this.progress = document.createElement("div");
    this.progress.className = "progress";
    this.progress.setAttribute("role", "progressbar");
    column.append(this.box, this.progress);
    this.isPlanned = false;
    addEventListener("scroll", () => this.plan(), { passive: true });
    addEventListener("resize", () => this.plan());
  }

  async more() {
    if (this.isLoading) return;
    this.isLoading = true;
    try {
      const page = await this.load(this.cursor);
      this.entries.push(...page.entries);
      this.cursor = page.cursor;
      if (!this.entries.length && this.empty) this.box.before(emptyState(...this.empty));
      if (!this.cursor) this.progress.remove();
    } catch (error) {
      this.cursor = null;
      this.progress.replaceWith(emptyState(...apology(error)));
    } finally {
      this.isLoading = false;
    }
    this.draw();
  }

  plan() {
    if (this.isPlanned) return;
    this.isPlanned = true;
    requestAnimationFrame(() => {
      this.isPlanned = false;
      this.draw();
    });
  }

  draw() {
    const offset = this.box.getBoundingClientRect().top;
    const from = -offset - OVERSCAN;
    const to = -offset + innerHeight + OVERSCAN;
    let top = 0;
    for (let index = 0; index < this.entries.length; index += 1) {
      const guess = this.heights[index] ?? GUESSED_HEIGHT;
      const isNear = top + guess > from && top < to;
      const cell = isNear ? this.cell(index) : this.drop(index);
      if (cell) {
        this.heights[index] = cell.offsetHeight;
        cell.style.transform = `translateY(${top}px)`;
      }
      top += this.heights[index] ?? GUESSED_HEIGHT;
    }
    this.box.style.minHeight = `${top}px`;
    if (this.cursor && top < to + LOAD_AHEAD - OVERSCAN) this.more();
  }

  cell(index) {
    let cell = this.cells.get(index);
    if (!cell) {
      cell = document.createElement("div");
      cell.dataset.testid = "cellInnerDiv";
      cell.append(this.make(this.entries[index]));
      const next = [...this.cells.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
      this.box.insertBefore(cell, this.cells.get(next) ?? null);
      this.cells.set(index, cell);
    }
    return cell;
  }

  drop(index) {
    this.cells.get(index)?.remove();
    this.cells.delete(index);
    return null;
  }
}

export function emptyState(title, words) {
  const box = stamp("empty");
  box.querySelector("h2").textContent = title;
  box.querySelector("p").textContent = words;
  return box;
}
