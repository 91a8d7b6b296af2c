/** A JSON list that is encoded item by item, since the text of many masks may be too long for one string. */
export interface JsonList {
  add(item: object): void;
  /** The list in UTF-8, in parts. */
  parts(): Generator<Uint8Array>;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function jsonList(): JsonList {
  const items: Uint8Array[] = [];
  return {
    add(item) {
      items.push(utf8(JSON.stringify(item)));
    },
    *parts() {
      yield utf8("[");
      for (const [i, item] of items.entries()) {
        if (i > 0) yield utf8(",\n");
        yield item;
      }
      yield utf8("]");
    },
  };
}

/** An object of such lists and of other values, in parts. */
export function* jsonObject(fields: Readonly<Record<string, unknown>>): Generator<Uint8Array> {
  let before = "{";
  for (const [key, value] of Object.entries(fields)) {
    yield utf8(`${before}${JSON.stringify(key)}:`);
    if (isJsonList(value)) yield* value.parts();
    else yield utf8(JSON.stringify(value));
    before = ",\n";
  }
  yield utf8("}");
}

const isJsonList = (value: unknown): value is JsonList =>
  typeof value === "object" && value !== null && "parts" in value;
