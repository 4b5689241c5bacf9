// A meter beside the rule. The server judges; this only shows that longer and more varied is stronger.
const field = document.querySelector("[data-strength]"), meter = document.getElementById("strength");
if (field && meter) {
  meter.hidden = false;
  field.addEventListener("input", () => {
    const letters = [...field.value], different = new Set(letters).size;
    meter.value = Math.min(1, letters.length / (1.4 * field.dataset.strength), different / 12);
  });
}
