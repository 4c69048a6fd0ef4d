// Shows only the cells of one status. Without scripts all are shown, and there are no buttons.
const bar = document.querySelector(".filter");
bar.classList.add("on");
bar.addEventListener("click", event => {
  const chosen = event.target.closest("button");
  if (!chosen) return;
  for (const button of bar.children) button.setAttribute("aria-pressed", button === chosen);
  for (const cell of document.querySelectorAll("[data-status]"))
    cell.hidden = chosen.value !== "" && cell.dataset.status !== chosen.value;
});
