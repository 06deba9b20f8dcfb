// Cells of a decision table as text in a field: numbers and truth values are written plainly, lists as JSON, expressions
// (`{cell: …}`) behind an equals sign.

export function cellText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "object" && !Array.isArray(value) && "cell" in value) return `=${String(value.cell)}`;
  return JSON.stringify(value);
}

export function cellValue(text: string): unknown {
  if (text.startsWith("=")) return { cell: text.slice(1) };
  if (/^(-?\d+(\.\d+)?|true|false)$/.test(text) || /^\[.*\]$/s.test(text) || /^\{.*\}$/s.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text; // such as the range [1..5]
    }
  }
  return text;
}
