"""The REST description as another version of the API has it."""

import copy
from collections.abc import Iterable
from typing import Any

from tests.contract.closing import Schema

FIRST = "2022-11-28"
HEADER = "x-github-api-version"


def at_version(description: Schema, changes: Schema) -> Schema:
    """The description with the patches of one version (``tests.contract.cut_versions``) applied."""
    changed = copy.deepcopy(description)
    for name, patches in changes["$defs"].items():
        changed["$defs"][name] = patched(changed["$defs"][name], patches)
    for name, patches in changes["bodies"].items():
        changed["operations"][name]["body"] = patched(changed["operations"][name]["body"], patches)
    return changed


def patched(schema: Any, patches: Iterable[Any]) -> Any:  # noqa: ANN401 - JSON
    """Each is a merge patch; none of those of the suite's part is a JSON patch.

    https://www.rfc-editor.org/rfc/rfc7386
    """
    for patch in patches:
        if not isinstance(patch, dict):
            raise TypeError(f"not a merge patch: {patch}")
        schema = merged(schema, patch)
    return schema


def merged(schema: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON
    """``nullable: false`` takes ``null`` out of the types: the cut has them as JSON Schema does."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("nullable") is False:
        kinds = schema["type"]
        left = [kind for kind in kinds if kind != "null"] if isinstance(kinds, list) else [kinds]
        schema, patch = {**schema, "type": left}, {key: value for key, value in patch.items() if key != "nullable"}
    found = dict(schema) if isinstance(schema, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found
