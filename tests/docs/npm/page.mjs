// Loads a page with jQuery in jsdom, as a document of an origin, and prints its `#result`:
// node page.mjs PAGE ORIGIN
import { readFile } from "node:fs/promises";
import { JSDOM, requestInterceptor } from "jsdom";

const [page, origin] = process.argv.slice(2);
const jquery = (name) => readFile(new URL(`node_modules/jquery/${name}`, import.meta.url), "utf8");
const { version } = JSON.parse(await jquery("package.json"));
const { window } = new JSDOM(await readFile(page, "utf8"), {
  url: origin,
  runScripts: "dangerously",
  resources: {
    interceptors: [
      requestInterceptor(async ({ url }) => {
        if (url === `https://code.jquery.com/jquery-${version}.min.js`) {
          return new Response(await jquery("dist/jquery.min.js"), {
            headers: { "Content-Type": "text/javascript" },
          });
        }
      }),
    ],
  },
});

process.exitCode = 1;
const result = window.document.querySelector("#result");
new window.MutationObserver(() => {
  console.log(result.textContent);
  process.exitCode = /^2/.test(result.textContent) ? 0 : 1;
}).observe(result, { childList: true });
