// The mapping of an import: read from the names of the columns, written as the file that the importer takes (YAML).

export const targets = [
  { name: "number", needed: true, like: /number|num$|编号|单号|工单/i },
  { name: "text", needed: true, like: /text|descri|srtype|问题|描述|内容|标题/i },
  { name: "reported_at", needed: true, like: /report|created|上报|受理|创建|时间$/i },
  { name: "class", needed: false, like: /class|type|category|分类|类别|小类/i },
  { name: "channel", needed: false, like: /channel|method|source|渠道|来源/i },
  { name: "due_at", needed: false, like: /due|时限|期限/i },
  { name: "closed_at", needed: false, like: /clos|结案|办结/i },
  { name: "status", needed: false, like: /status|state|状态/i },
  { name: "department", needed: false, like: /depart|agency|部门|单位/i },
  { name: "address", needed: false, like: /address|地址|位置/i },
  { name: "lon", needed: false, like: /^lon|lng|longitude|经度/i },
  { name: "lat", needed: false, like: /^lat|latitude|纬度/i },
] as const;

export type Target = (typeof targets)[number]["name"];
export type Columns = Partial<Record<Target, string>>;

/** The names in the first row of a file, and what stands below each in the second. */
export interface Head {
  names: string[];
  example: Record<string, string>;
}

/** The head of a CSV file; nothing for a spreadsheet, whose columns are typed in. */
export async function headOf(file: File): Promise<Head> {
  if (/\.xlsx?$/i.test(file.name)) return { names: [], example: {} };
  const bytes = await file.slice(0, 65_536).arrayBuffer();
  let text = new TextDecoder("utf-8").decode(bytes);
  if (text.includes("\ufffd")) text = new TextDecoder("gb18030").decode(bytes);
  const [line = "", second = ""] = text.replace(/^\ufeff/, "").split(/\r?\n/, 2);
  const separator = [",", "\t", ";"].sort((one, other) => line.split(other).length - line.split(one).length)[0] ?? ",";
  const cells = (row: string) => (row.match(new RegExp(`("([^"]|"")*"|[^${separator}]*)(${separator}|$)`, "g")) ?? []).map((cell) => cell.replace(new RegExp(`${separator}$`), "").trim().replace(/^"|"$/g, "").replaceAll('""', '"'));
  const names = cells(line);
  const values = cells(second);
  return { names: names.filter(Boolean), example: Object.fromEntries(names.map((name, place) => [name, values[place] ?? ""])) };
}

/** The columns whose names speak for themselves, each used once. */
export function guess(head: readonly string[]): Columns {
  const free = new Set(head);
  const found: Columns = {};
  for (const { name, like } of targets) {
    const match = [...free].find((one) => one.toLowerCase() === name) ?? [...free].find((one) => like.test(one));
    if (match) {
      found[name] = match;
      free.delete(match);
    }
  }
  return found;
}

interface Wanted {
  type: string;
  system: string;
  columns: Columns;
  open: string;
  crs: string;
}

/** YAML in its JSON form: every string quoted, so that a column named `yes` stays one. */
export function mappingOf({ type, system, columns, open, crs }: Wanted): string {
  const named = Object.fromEntries(Object.entries(columns).filter(([, value]) => value));
  const statuses = open.split(/[,,、]/).map((one) => one.trim()).filter(Boolean);
  return JSON.stringify({ type, system, columns: named, open_statuses: statuses, crs });
}
