"""Cuts out of GitHub's REST description what a later version of the API changes of the operations that the suite has.

    python -m tests.contract.cut_versions DIRECTORY > tests/contract/data/rest-2026-03-10.json

``DIRECTORY`` is ``package/generated`` of ``@octokit/openapi``.  Its description is that of the first version; beside
each thing that a later one changes stands a patch, which is kept as it is (a merge patch, or a JSON patch).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.contract.closing import Schema

VERSION = "2026-03-10"
_CHANGES = "x-github-breaking-changes"
_BODY = ("requestBody", "content", "application/json", "schema")


def patches(of: Mapping[str, Any]) -> list[Any]:
    """Those of the version, in their order."""
    return [change["patch"] for change in of.get(_CHANGES, ()) if change["version"] == VERSION]


def body_patches(operation: Mapping[str, Any]) -> Iterator[Any]:
    """What is changed of the body of a request; texts are left out, as in the cut of the description."""
    for patch in patches(operation):
        found = patch
        for key in _BODY:
            found = found.get(key, {}) if isinstance(found, dict) else {}
        if found:
            yield found


def cut(description: Mapping[str, Any], known: Schema) -> Schema:
    """The patches of what ``known`` (``rest.json``) has."""
    schemas = {name: patches(schema) for name, schema in description["components"]["schemas"].items()}
    operations = {
        operation["operationId"]: list(body_patches(operation))
        for methods in description["paths"].values()
        for operation in methods.values()
        if isinstance(operation, dict) and "operationId" in operation
    }
    return {
        "source": known["source"],
        "license": known["license"],
        "version": VERSION,
        "bodies": {name: found for name, found in operations.items() if found and name in known["operations"]},
        "$defs": {name: found for name, found in schemas.items() if found and name in known["$defs"]},
    }


if __name__ == "__main__":
    whole = json.loads((Path(sys.argv[1]) / "api.github.com.json").read_text(encoding="utf-8"))
    rest = json.loads((Path(__file__).parent / "data" / "rest.json").read_text(encoding="utf-8"))
    json.dump(cut(whole, rest), sys.stdout, separators=(",", ":"))
