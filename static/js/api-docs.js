// Draws the API's schema with Swagger UI, which stands beside this file in our own static files.
const place = document.getElementById("calls");
const page = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

// Swagger UI knows the theme by a class; ours is a remembered choice, or else the system's.
function followTheme() {
  const isDark = ["light", "dark"].includes(page.dataset.theme) ? page.dataset.theme === "dark" : prefersDark.matches;
  page.classList.toggle("dark-mode", isDark);
}

followTheme();
prefersDark.addEventListener("change", followTheme);

window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  validatorUrl: null,
});
