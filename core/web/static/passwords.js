// With a script a password can be shown instead of typed twice, and its strength is said while it is typed.
// The server judges; this only says what it will probably think.

for (const field of document.querySelectorAll("input[data-show]")) {
  const button = document.createElement("button");
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? field.dataset.hide : field.dataset.show;
    button.setAttribute("aria-pressed", shown);
  };
  button.type = "button";
  button.className = "show";
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => show(field.type === "password"));
  field.form.addEventListener("submit", () => show(false)); // or the browser would not offer to keep it
  const frame = document.createElement("div");
  frame.className = "secret";
  field.replaceWith(frame);
  frame.append(field, button);
  field.autocapitalize = "none";
  field.spellcheck = false;
  show(false);
  if (field.autofocus) field.focus();
}

for (const block of document.querySelectorAll("[data-without-script]")) block.remove();

for (const field of document.querySelectorAll("input[data-shortest]")) {
  const shortest = Number(field.dataset.shortest), levels = field.dataset.levels.split("|");
  const meter = document.createElement("meter"), said = document.createElement("output");
  const line = document.createElement("div");
  Object.assign(meter, { min: 0, max: levels.length, low: 1.5, high: 2.5, optimum: levels.length });
  meter.ariaHidden = "true";
  said.htmlFor = field.id;
  line.className = "strength";
  line.hidden = true;
  line.append(meter, said);
  document.getElementById("rule").after(line);
  field.addEventListener("input", () => {
    const letters = [...field.value], missing = shortest - letters.length;
    const level = missing > 0 ? 0 : levelOf(letters, shortest);
    line.hidden = !letters.length;
    meter.value = missing > 0 ? Math.max(0.2, letters.length / shortest) : level + 1;
    said.value = missing > 0 ? field.dataset.more.replace("%s", missing) : levels[level];
  });
}

// Letters that repeat the one before, or follow it in the alphabet, add nothing.
function levelOf(letters, shortest) {
  const codes = letters.map((letter) => letter.toLowerCase().codePointAt(0));
  const steps = codes.filter((code, at) => at === 0 || Math.abs(code - codes[at - 1]) > 1).length;
  const worth = Math.min(steps, 1.7 * new Set(codes).size) / shortest;
  return worth < 0.7 ? 0 : worth < 0.95 ? 1 : worth < 1.2 ? 2 : 3;
}
