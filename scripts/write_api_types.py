"""Writes the types of the API's requests and answers for the web application: ``web/src/shared/api/description.ts``.

Made from the OpenAPI description of this checkout, so that a changed answer stops the compiler where a screen still
counts on the old one. Every schema becomes a type of its name; ``Operations`` holds what each ``"METHOD /path"`` takes and
answers. The file is not kept in git; ``make check`` writes it anew.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yiwang.http.app import create_app
from yiwang.kernel.settings import Settings

OUT = Path(__file__).resolve().parents[1] / "web" / "src" / "shared" / "api" / "description.ts"
_METHODS = ("get", "post", "put", "patch", "delete")
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
Schema = Mapping[str, Any]


def name_of(title: str) -> str:
    """A schema's name as an identifier."""
    return re.sub(r"[^A-Za-z0-9_]", "_", title)


def type_of(schema: Schema, indent: str = "") -> str:
    """A JSON Schema as a type."""
    if "$ref" in schema:
        return name_of(schema["$ref"].rsplit("/", 1)[-1])
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    for key, joint in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if key in schema:
            parts = dict.fromkeys(type_of(part, indent) for part in schema[key])
            return joint.join(f"({part})" if joint in " | " and " & " in part else part for part in parts)
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(type_of({**schema, "type": one}, indent) for one in kind)
    if kind == "array":
        if "prefixItems" in schema:
            return "[" + ", ".join(type_of(item, indent) for item in schema["prefixItems"]) + "]"
        return f"Array<{type_of(schema.get('items', {}), indent)}>"
    if kind == "object" or "properties" in schema:
        return _object(schema, indent)
    return _PLAIN.get(str(kind), "unknown")


def _object(schema: Schema, indent: str) -> str:
    properties: Schema = schema.get("properties", {})
    if not properties:
        values = schema.get("additionalProperties", True)
        return f"Record<string, {type_of(values, indent) if isinstance(values, Mapping) else 'unknown'}>"
    required = set(schema.get("required", ()))
    inner = indent + "  "
    lines = []
    for key, value in properties.items():
        if value.get("description"):
            lines.append(f"{inner}/** {' '.join(value['description'].split()).replace('*/', '* /')} */")
        lines.append(f"{inner}{json.dumps(key)}{'' if key in required else '?'}: {type_of(value, inner)};")
    return "{\n" + "\n".join(lines) + f"\n{indent}}}"


def _parameters(operation: Schema, place: str) -> str:
    found = [item for item in operation.get("parameters", ()) if item["in"] == place]
    if not found:
        return "{}"
    return (
        "{ "
        + " ".join(
            f"{json.dumps(item['name'])}{'' if item.get('required') else '?'}: {type_of(item['schema'], '    ')};"
            for item in found
        )
        + " }"
    )


def _body(operation: Schema) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return type_of(content["application/json"]["schema"], "    ")
    if "multipart/form-data" in content:
        return "FormData"
    return "string" if content else "undefined"


def _answer(operation: Schema) -> str:
    """The type of what a success answers; text where it is no JSON."""
    found = []
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            content = answer.get("content", {})
            if "application/json" in content:
                found.append(type_of(content["application/json"].get("schema", {}), "    "))
            else:
                found.append("string" if content else "undefined")
    return " | ".join(dict.fromkeys(found)) or "undefined"


def write(document: Schema) -> str:
    """The whole file."""
    parts = ["// Written by scripts/write_api_types.py from the OpenAPI description; not to be changed by hand.\n"]
    for title, schema in document["components"]["schemas"].items():
        description = " ".join(str(schema.get("description", "")).split()).replace("*/", "* /")
        if description:
            parts.append(f"/** {description} */")
        parts.append(f"export type {name_of(title)} = {type_of(schema)};\n")
    parts.append("/** What each operation takes and answers. */\nexport interface Operations {")
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method not in methods:
                continue
            operation = methods[method]
            parts.append(f"  /** {operation.get('summary', '')} */")
            parts.append(f'  "{method.upper()} {path}": {{')
            parts.append(f"    path: {_parameters(operation, 'path')};")
            parts.append(f"    query: {_parameters(operation, 'query')};")
            parts.append(f"    body: {_body(operation)};")
            parts.append(f"    answer: {_answer(operation)};")
            parts.append("  };")
    parts.append("}\n")
    return "\n".join(parts)


def main() -> None:
    document = create_app(Settings(database_url=None), "postgresql:///described").openapi()
    text = write(document)
    if not OUT.exists() or OUT.read_text("utf-8") != text:
        OUT.write_text(text, "utf-8")
    print(f"{OUT.relative_to(Path.cwd()) if OUT.is_relative_to(Path.cwd()) else OUT}", file=sys.stderr)


if __name__ == "__main__":
    main()
