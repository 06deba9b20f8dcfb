// What a request may end with instead of its answer: a refusal by the server in its own words, or no connection.

import { language } from "../i18n/language";

export interface FieldError {
  where: string;
  code: string;
  zh: string;
  en: string;
}

interface ProblemBody {
  code: string;
  status: number;
  zh: string;
  en: string;
  data?: Record<string, unknown>;
  errors?: FieldError[];
}

/** A refusal (RFC 9457); `message` is what to tell a person. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly zh: string;
  readonly en: string;
  readonly data: Record<string, unknown>;
  readonly errors: FieldError[];

  constructor(body: ProblemBody) {
    super(language() === "zh" ? body.zh : body.en);
    this.name = "Problem";
    this.code = body.code;
    this.status = body.status;
    this.zh = body.zh;
    this.en = body.en;
    this.data = body.data ?? {};
    this.errors = body.errors ?? [];
  }
}

/** No answer came: the network or the server is away. What was asked may or may not have happened. */
export class NoConnection extends Error {
  constructor() {
    super(
      language() === "zh"
        ? "连接不上服务器。已填写的内容还在,请稍后再试。"
        : "The server cannot be reached. What you have entered is kept; try again in a moment.",
    );
    this.name = "NoConnection";
  }
}

/** What to tell a person of an error. */
export function messageOf(error: unknown): string {
  if (error instanceof Problem) {
    const details = error.errors.map((item) => (language() === "zh" ? item.zh : item.en)).filter(Boolean);
    const said = language() === "zh" ? error.zh : error.en;
    return details.length ? `${said} ${details.slice(0, 5).join(language() === "zh" ? ";" : "; ")}` : said;
  }
  return error instanceof Error ? error.message : String(error);
}

export async function problemOf(answer: Response): Promise<Problem> {
  if (answer.headers.get("content-type")?.startsWith("application/problem+json")) {
    return new Problem((await answer.json()) as ProblemBody);
  }
  return new Problem({
    code: `http.${answer.status}`,
    status: answer.status,
    zh: `服务器没有正常回答(${answer.status})。请稍后再试。`,
    en: `The server did not answer properly (${answer.status}). Try again in a moment.`,
  });
}
