// Improves forms whose text may come from a file: what is chosen is read into the text field, to be sent from there.
"use strict";

for (const part of document.querySelectorAll("[data-file-for]")) {
  const text = document.getElementById(part.dataset.fileFor);
  const chooser = part.querySelector("input[type=file]");
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    if (file) text.value = await file.text();
  });
  part.hidden = false;
}
