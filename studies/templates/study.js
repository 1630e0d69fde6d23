(() => {
  const tip = document.getElementById("tip");
  for (const mark of document.querySelectorAll(".marks > g")) {
    const title = mark.querySelector("title");
    mark.dataset.tip = title.textContent;
    title.remove();
  }
  const show = event => {
    const mark = event.target.closest ? event.target.closest("[data-tip]") : null;
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.dataset.tip;
    tip.style.left = "0";
    const box = tip.getBoundingClientRect(), room = document.documentElement.clientWidth;
    const above = event.clientY - box.height - 14;
    tip.style.left = Math.max(4, Math.min(event.clientX + 12, room - box.width - 4)) + "px";
    tip.style.top = (above > 4 ? above : event.clientY + 16) + "px";
  };
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  document.addEventListener("scroll", () => { tip.hidden = true; }, true);

  const key = (row, column) => {
    const cell = row.cells[column], number = parseFloat(cell.dataset.value);
    return Number.isNaN(number) ? cell.textContent : number;
  };
  for (const button of document.querySelectorAll("table.points th button")) {
    button.addEventListener("click", () => {
      const head = button.parentElement, body = head.closest("table").tBodies[0];
      const down = head.getAttribute("aria-sort") === "ascending", sign = down ? -1 : 1;
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const empty = row => row.cells[head.cellIndex].textContent === "–";
      body.append(...[...body.rows].sort((a, b) => {
        if (empty(a) !== empty(b)) return empty(a) ? 1 : -1;
        const x = key(a, head.cellIndex), y = key(b, head.cellIndex);
        return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
      }));
    });
  }
})();
