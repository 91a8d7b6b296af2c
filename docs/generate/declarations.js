// What a file of declarations (.d.ts, as the compiler writes it) holds, statement by statement.

/**
 * @typedef {object} Statement
 * @property {string} text without its comment
 * @property {string} comment the doc comment in front of it, without its stars; "" if there is none
 */

/**
 * The top-level statements of a .d.ts file. @returns {Statement[]}
 * @param {string} text
 */
export function statements(text) {
  const found = [];
  let comment = "";
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) at++;
    else if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at) + 2;
      comment = uncommented(text.slice(at, end));
      at = end;
    } else if (text.startsWith("//", at)) at = endOfLine(text, at);
    else {
      const end = endOfStatement(text, at);
      found.push({ text: text.slice(at, end), comment });
      comment = "";
      at = end;
    }
  }
  return found;
}

/**
 * Interfaces, classes and functions with a body end with their brace, all else with a semicolon.
 * @param {string} text
 * @param {number} start
 */
function endOfStatement(text, start) {
  const braced = /^(export )?(declare )?(abstract )?(interface|class)\b/.test(text.slice(start));
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text.startsWith("/*", at)) at = text.indexOf("*/", at) + 1;
    else if (text[at] === '"') at = text.indexOf('"', at + 1);
    else if ("{([".includes(text.charAt(at))) depth++;
    else if ("})]".includes(text.charAt(at))) {
      depth--;
      if (depth === 0 && braced && text[at] === "}") return at + 1;
    } else if (text[at] === ";" && depth === 0) return at + 1;
  }
  return text.length;
}

/** @param {string} text @param {number} at */
const endOfLine = (text, at) => (text.indexOf("\n", at) + 1 || text.length + 1) - 1;

/**
 * The words of a doc comment, line by line.
 * @param {string} comment
 */
const uncommented = (comment) =>
  comment
    .replace(/^\/\*\*?/, "")
    .replace(/\*\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();

const LISTED = /^export (?:type )?\{([^}]*)\}(?: from "([^"]+)")?/;
const STARRED = /^export \*(?: as (\w+))? from "([^"]+)"/;
const DECLARED =
  /^export (?:declare )?(?:abstract )?(?:interface|class|type|function|const|enum) (\w+)/;

/**
 * What a statement exports: names, from another file (`from`) or declared here.
 * @returns {Partial<Record<"from" | "as" | "declares", string | undefined>> & { names?: [string, string][] }}
 * @param {string} statement
 */
export function exportOf(statement) {
  const starred = STARRED.exec(statement);
  if (starred) return { as: starred[1], from: starred[2] };
  const listed = LISTED.exec(statement);
  if (listed) {
    const [, inside = "", from] = listed;
    const names = inside
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter((name) => name !== "")
      .map((name) => {
        const [own = "", other = own] = name.split(" as ");
        return /** @type {[string, string]} */ ([own, other]);
      });
    return { names, from };
  }
  return { declares: DECLARED.exec(statement)?.[1] };
}
