// Copy buttons, live filling of the URLs, and the matrix that follows its ticks. Every page works without.
"use strict";

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}

const domain = document.getElementById("oktaDomain");
const server = document.getElementById("serverId");
if (domain && server && !domain.readOnly) {
  const issuer = () => {
    const name = domain.value.trim().replace(/\/+$/, "") || "{yourOktaDomain}";
    return (name.includes("://") ? name : "https://" + name) + "/oauth2/" + (server.value.trim() || "{yourAuthServerId}");
  };
  let last = issuer();
  const fill = () => {
    const now = issuer();
    for (const input of document.querySelectorAll("input[data-suffix]")) {
      // What somebody typed otherwise stays.
      if (input.value === "" || input.value === last + input.dataset.suffix) {
        input.value = now + input.dataset.suffix;
      }
    }
    last = now;
  };
  domain.addEventListener("input", fill);
  server.addEventListener("input", fill);
}

const matrix = document.getElementById("matrix");
if (matrix) {
  matrix.addEventListener("change", () => matrix.requestSubmit());
}
