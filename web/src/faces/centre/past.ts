// A past period told again: the open cases as they stood when it began, and what the journal says then happened to them.
// Pure: `standAt` works out any moment of it, forwards step by step, backwards from the beginning.

import type { PastEvent, StandingItem } from "../../shared/api/description";
import type { Colour } from "../../shared/ui/clock_mark";

export interface PastCase {
  id: string;
  number: string;
  lon: number | null;
  lat: number | null;
  area: string;
  grid: string;
  status: string;
  status_en: string;
  type: string;
  class_code: string | null;
  class_name: string;
  class_name_en: string;
  department: { code: string; zh: string; en: string } | null;
  due: number | null;
  warn: number | null;
  suspended: boolean;
  /** When something last happened to it within the period. */
  touched: number;
}

export interface Period {
  from: number;
  to: number;
  standing: readonly StandingItem[];
  events: readonly PastEvent[];
  /** More cases were open than could be told of. */
  more: boolean;
}

const stamp = (text: string | null): number | null => (text === null ? null : Date.parse(text));

/** Walks through a period; `to(at)` gives the open cases at that moment. */
export class Walk {
  private cases = new Map<string, PastCase>();
  private next = 0;
  private at = -Infinity;

  constructor(private readonly period: Period) {
    this.begin();
  }

  private begin(): void {
    this.cases = new Map(
      this.period.standing.map((item) => [
        item.id,
        { ...item, due: stamp(item.due), warn: stamp(item.warn), touched: -Infinity },
      ]),
    );
    this.next = 0;
    this.at = this.period.from;
  }

  /** How many events of the period lie at or before the moment that was walked to. */
  get passed(): number {
    return this.next;
  }

  to(at: number): ReadonlyMap<string, PastCase> {
    if (at < this.at) this.begin();
    this.at = at;
    for (let event = this.period.events[this.next]; event && Date.parse(event.at) <= at; event = this.period.events[this.next]) {
      this.happen(event);
      this.next += 1;
    }
    return this.cases;
  }

  private happen(event: PastEvent): void {
    if (event.closed) {
      this.cases.delete(event.id);
      return;
    }
    const before = this.cases.get(event.id);
    const due = event.timed ? stamp(event.due) : (before?.due ?? null);
    this.cases.set(event.id, {
      ...event,
      status: event.status || before?.status || "",
      status_en: event.status_en || before?.status_en || "",
      due,
      warn: before && before.due === due ? before.warn : null,
      suspended: event.verb === "case.suspended" || (event.verb !== "case.resumed" && Boolean(before?.suspended)),
      touched: Date.parse(event.at),
    });
  }
}

/** The colour of a case's clock at that moment. */
export function colourAt(item: PastCase, at: number): Colour {
  if (item.due === null) return "grey";
  if (item.suspended) return "blue";
  if (item.due < at) return "red";
  return item.warn !== null && item.warn < at ? "yellow" : "green";
}
