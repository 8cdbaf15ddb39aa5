/* Sorting, filtering and highlighting. Without it every page still says all that it has to say. */
"use strict";

(() => {
  const one = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent.trim().toLowerCase();
  };

  const sortBy = (table, header, column) => {
    const kind = header.dataset.sort;
    const descending = header.getAttribute("aria-sort") === "ascending";
    for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
    rows.sort(([a], [b]) => {
      if ((a === "") !== (b === "")) return a === "" ? 1 : -1; // nothing comes last, both ways
      const order = kind === "number" ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0;
      return descending ? -order : order;
    });
    body.append(...rows.map(([, row]) => row));
  };

  for (const table of all("table[data-table]")) {
    all("thead th[data-sort]", table).forEach((header) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sortBy(table, header, header.cellIndex));
    });
  }

  for (const tools of all(".tools").filter((found) => one("[data-filter]", found))) {
    let table = tools;
    while (table && !one("table[data-table]", table) && !table.matches("table[data-table]")) table = table.nextElementSibling;
    table = table && (table.matches("table") ? table : one("table[data-table]", table));
    if (!table) continue;
    const rows = [...table.tBodies[0].rows];
    const input = one("[data-filter]", tools);
    const picks = all("[data-pick]", tools);
    const count = one("[data-count]", tools);
    const texts = rows.map((row) => (row.dataset.text ?? row.textContent).toLowerCase());
    const apply = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, index) => {
        const fits = words.every((word) => texts[index].includes(word))
          && picks.every((pick) => !pick.value || row.dataset[pick.dataset.pick] === pick.value);
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      count.textContent = shown === rows.length ? `${rows.length} rows` : `${shown} of ${rows.length} rows`;
    };
    input.addEventListener("input", apply);
    for (const pick of picks) pick.addEventListener("change", apply);
    tools.hidden = false;
    apply();
  }

  /* A chip lights up the blocks of its clause, and goes to the first. */
  const policy = one(".policy");
  for (const chip of all(".chips a[data-cat]")) {
    chip.addEventListener("click", () => {
      for (const other of all(".chips a.lit")) other.classList.remove("lit");
      chip.classList.add("lit");
      for (const block of all("[data-lit]", policy)) block.removeAttribute("data-lit");
      for (const block of all("[data-cats]", policy)) {
        if (block.dataset.cats.split(" ").includes(chip.dataset.cat)) block.setAttribute("data-lit", "");
      }
      policy.classList.add("dimmed");
    });
  }

  /* Old is told best by an age. */
  const days = (time) => Math.floor((Date.now() - new Date(time)) / 864e5);
  for (const time of all("td time[datetime*='T']")) {
    const age = days(time.dateTime);
    if (age >= 0) time.title = age === 0 ? "today" : age === 1 ? "yesterday" : `${age} days ago`;
  }

  /* What is folded is opened where a link leads into it, and on paper. */
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target && target.closest("details:not([open])");
    if (folded) {
      folded.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", unfold);
  unfold();
})();
