// Sorts tables, hides and shows series, and reads values. The page says everything without it.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const element = (name, attributes = {}, text = "") => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };
  // Enter and space work as a click does.
  const press = (target, act) => {
    target.addEventListener("click", act);
    target.addEventListener("keydown", event => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    });
  };

  // Tables: a click on a header sorts by its first number, or by its text; references stay below.
  const key = cell => {
    const text = cell.textContent.trim().replaceAll("−", "-");
    if (text.startsWith("∞")) return Number.MAX_VALUE;
    const number = parseFloat(text.replace(/^[<+]/, ""));
    return Number.isNaN(number) ? (text === "–" || text === "" ? null : text) : number;
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === typeof b && typeof a === "number" ? a - b : String(a).localeCompare(String(b));
  };
  for (const table of all("table.sortable")) {
    const headers = all("thead th", table);
    headers.forEach((header, column) => {
      const button = element("button", { type: "button" }, header.textContent);
      header.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        headers.forEach(other => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
        const body = table.tBodies[0];
        const rows = all("tr:not(.reference)", body).map(row => [key(row.cells[column]), row]);
        rows.sort(([a], [b]) => (a === null || b === null ? compare(a, b) : down * compare(a, b)));
        body.prepend(...rows.map(([, row]) => row));
      });
    });
  }

  // Series: a checkbox for each, and a click on its name in a legend.
  const hidden = new Set();
  const show = () => {
    for (const part of all("[data-series]")) {
      const off = hidden.has(part.dataset.series);
      part.classList.toggle(part.matches(".legend li") ? "off" : "gone", off);
      if (part.matches(".legend li")) part.setAttribute("aria-pressed", String(!off));
    }
    for (const box of all(".choose input[value]")) box.checked = !hidden.has(box.value);
    for (const box of all(".choose input.family")) {
      const members = all("input[value]", box.closest("fieldset"));
      const on = members.filter(member => member.checked).length;
      box.checked = on > 0;
      box.indeterminate = on > 0 && on < members.length;
    }
  };
  const set = (names, visible) => {
    for (const name of names) visible ? hidden.delete(name) : hidden.add(name);
    show();
  };
  for (const box of all(".choose input")) {
    box.addEventListener("change", () => {
      const members = all("input[value]", box.closest("fieldset")).map(member => member.value);
      set(box.classList.contains("family") ? members : [box.value], box.checked);
    });
  }
  for (const entry of all(".legend li[data-series]")) {
    const name = entry.dataset.series;
    entry.setAttribute("role", "button");
    entry.tabIndex = 0;
    press(entry, () => set([name], hidden.has(name)));
    const light = on => {
      const figure = entry.closest("figure");
      for (const svg of all(".plot svg", figure)) svg.classList.toggle("dim", on);
      for (const part of all(".plot [data-series]", figure))
        part.classList.toggle("lit", on && part.dataset.series === name);
    };
    entry.addEventListener("mouseenter", () => light(!hidden.has(name)));
    entry.addEventListener("mouseleave", () => light(false));
  }
  for (const choose of all(".choose")) choose.hidden = false;

  // Values: at the nearest x of a plot, by pointer, touch or arrow keys.
  const short = x => x === null ? "∞" : x === 0 ? "0" : Math.abs(x) >= 1e4 || Math.abs(x) < 1e-3
    ? x.toExponential(2) : String(Number(x.toPrecision(3)));
  for (const data of all("script.readout")) {
    const plot = data.closest(".plot");
    const read = JSON.parse(data.textContent);
    let at = -1;
    const clear = () => all(".tip, .cursor", plot).forEach(part => part.remove());
    const point = index => {
      clear();
      at = index;
      const { width, height } = plot.getBoundingClientRect();
      const left = read.at[at] * width;
      const cursor = element("div", { class: "cursor" });
      cursor.style.cssText =
        `left:${left}px;top:${read.ends[0] * height}px;height:${(read.ends[1] - read.ends[0]) * height}px`;
      const tip = element("div", { class: "tip", role: "status" });
      tip.append(element("p", {}, `${read.xlabel} ${short(read.x[at])}`));
      const table = element("table");
      const rows = read.series.filter(([name, values]) => values[at] && !hidden.has(name));
      rows.sort((a, b) => a[1][at][0] - b[1][at][0]);
      for (const [name, values] of rows) {
        const [value, low, high] = values[at];
        const row = table.insertRow();
        row.insertCell().textContent = name;
        row.insertCell().textContent = low === undefined ? short(value) : `${short(value)} [${short(low)}, ${short(high)}]`;
      }
      tip.append(table);
      plot.append(cursor, tip);
      const page = document.documentElement.clientWidth;
      const box = plot.getBoundingClientRect();
      const wanted = left + 12 + tip.offsetWidth < page - box.left ? left + 12 : left - 12 - tip.offsetWidth;
      tip.style.left = `${Math.max(8 - box.left, wanted)}px`;
      // On a narrow screen it would cover the plot.
      tip.style.top = `${tip.offsetWidth > page * .6 ? height : read.ends[0] * height}px`;
    };
    plot.tabIndex = 0;
    plot.setAttribute("aria-description", "Arrow keys read values.");
    plot.addEventListener("pointermove", event => {
      const box = plot.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      const gap = index => Math.abs(read.at[index] - share);
      point(read.at.reduce((best, _, index) => (gap(index) < gap(best) ? index : best), 0));
    });
    plot.addEventListener("pointerleave", clear);
    plot.addEventListener("blur", clear);
    plot.addEventListener("keydown", event => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) { event.preventDefault(); point(Math.min(read.at.length - 1, Math.max(0, at + step))); }
      if (event.key === "Escape") clear();
    });
  }
  // Marks whose title says their value: plots without readout.
  for (const mark of all(".plot:not(:has(script.readout)) [data-series]:has(> title)")) {
    const tell = () => {
      const plot = mark.closest(".plot");
      all(".tip", plot).forEach(part => part.remove());
      const tip = element("div", { class: "tip", role: "status" }, mark.querySelector("title").textContent);
      plot.append(tip);
      const box = plot.getBoundingClientRect();
      const place = mark.getBoundingClientRect();
      const page = document.documentElement.clientWidth;
      tip.style.left = `${Math.max(8 - box.left, Math.min(place.left - box.left, page - 8 - box.left - tip.offsetWidth))}px`;
      tip.style.top = `${place.bottom - box.top + 4}px`;
    };
    const clear = () => all(".tip", mark.closest(".plot")).forEach(part => part.remove());
    mark.tabIndex = 0;
    mark.addEventListener("focus", tell);
    mark.addEventListener("pointerenter", tell);
    mark.addEventListener("blur", clear);
    mark.addEventListener("pointerleave", clear);
  }

  // The horizontal axis: one of several.
  for (const choice of all(".switch")) {
    const forms = all(".form", choice.parentElement);
    forms.forEach((form, index) => {
      const label = element("label");
      const input = element("input", { type: "radio", name: choice.id });
      input.checked = index === 0;
      input.addEventListener("change", () => forms.forEach(other => { other.hidden = other !== form; }));
      label.append(input, ` ${form.dataset.axis}`);
      choice.append(label);
      form.hidden = index > 0;
      all(".axis", form).forEach(title => { title.hidden = true; });
    });
    choice.hidden = false;
  }
  addEventListener("beforeprint", () => {
    all("details").forEach(part => { part.open = true; });
    all(".form, .form .axis").forEach(part => { part.hidden = false; });
  });
})();
