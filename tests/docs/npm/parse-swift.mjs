// Exits with 1 if a file is not valid Swift: node --liftoff-only parse-swift.mjs FILE
// Without `--liftoff-only`, Node.js spends seconds on optimizing the parser.
import { readFile } from "node:fs/promises";
import { Language, Parser } from "web-tree-sitter";

await Parser.init();
const grammar = new URL("node_modules/tree-sitter-wasms/out/tree-sitter-swift.wasm", import.meta.url);
const parser = new Parser().setLanguage(await Language.load(await readFile(grammar)));
const { rootNode } = parser.parse(await readFile(process.argv[2], "utf8"));
if (rootNode.hasError) {
  console.error(rootNode.toString());
  process.exitCode = 1;
}
