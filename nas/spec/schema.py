"""A study's spec as a JSON Schema: what an editor completes from and checks while one writes.

A file that begins with ``# yaml-language-server: $schema=spec.schema.json`` is checked by editors
that know the YAML language server; `nas schema` prints the schema.
"""

from typing import Any

from nas.spec.study import StudySpec
from search_spaces.language.schema import space_schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def spec_schema() -> dict[str, Any]:
    """Return the schema of a whole file, as plain JSON values.

    A file need not say its name, and a section that is empty means its defaults.
    """
    schema = StudySpec.model_json_schema(mode="validation")
    properties = schema["properties"]
    properties["space"] = space_schema()
    for key, entry in properties.items():
        if key not in ("space", "name"):
            properties[key] = {"anyOf": [entry, {"type": "null"}]}
    schema["required"] = ["space"]
    schema["title"] = "A study of CoAtNet layouts"
    return {"$schema": _DIALECT, **schema}
