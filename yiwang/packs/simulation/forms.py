"""What a reporter of the simulated city fills in: fields that the form of the channel must have, by their schemas."""

from __future__ import annotations

import random
from datetime import date, timedelta

from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.kernel.database import Json, JsonObject


def filled_in(kind: CaseTypeDeclaration, channel: str, chance: random.Random, today: date) -> JsonObject:
    """Required fields that the channel asks for: a choice, a day of the coming week, no, a number, or a dash."""
    asked = kind.channels[channel].asks
    return {
        name: _value(field.json_schema, chance, today)
        for name, field in kind.fields.items()
        if field.required and (asked is None or name in asked)
    }


def _value(schema: JsonObject, chance: random.Random, today: date) -> Json:
    options = schema.get("enum")
    if isinstance(options, list) and options:
        return chance.choice(options)
    match schema.get("type"):
        case "boolean":
            return False
        case "number" | "integer":
            low, high = schema.get("minimum"), schema.get("maximum")
            least = float(low) if isinstance(low, int | float) else 0.0
            most = float(high) if isinstance(high, int | float) else least + 10.0
            return round(chance.uniform(least, most))
        case _ if schema.get("format") == "date":
            return (today + timedelta(days=chance.randint(1, 6))).isoformat()
        case _:
            return "——"
