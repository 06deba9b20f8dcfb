// Days of the city as moments, for questions to the server.

import { cityNow } from "../../../shared/time/clock";
import { momentOf } from "../records/values";

export { momentOf };

/** The beginning of the day after. */
export const dayAfter = (day: string): string => new Date(Date.parse(momentOf(day) ?? new Date(cityNow()).toISOString()) + 86_400_000).toISOString();
