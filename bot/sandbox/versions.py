"""The versions of the REST API: which a host knows, and what a later one shows otherwise.

https://docs.github.com/en/rest/about-the-rest-api/breaking-changes
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.sandbox.errors import ApiError
from bot.sandbox.routing import Answer
from bot.sandbox.world import Obj

FIRST, LATER = "2022-11-28", "2026-03-10"
HEADER = "x-github-api-version"
_OF_REPOSITORIES = frozenset({"has_downloads", "master_branch", "use_squash_pr_title_as_default"})


def asked(headers: Mapping[str, str], known: tuple[str, ...]) -> str:
    """The version of a request; 400 for one that the host does not know.  A host without versions looks at none."""
    version = headers.get(HEADER, FIRST)
    if not known:
        return FIRST
    if version not in known:
        supported = ", ".join(f'"{each}"' + (" (most recent)" if each == known[-1] else "") for each in known)
        message = f'The version you specified in the "X-GitHub-API-Version" request header, "{version}", is not a '
        raise ApiError(400, f"{message}supported version. The following versions are currently supported: {supported}.")
    return version


def at_version(answer: Answer, version: str, template: str | None) -> Answer:
    """The answer as the version shows it; handlers make those of the first one."""
    if version == FIRST or not isinstance(answer.body, dict | list):
        return answer
    body: Any = answer.body
    if template == "/rate_limit":
        body = {name: value for name, value in body.items() if name != "rate"}
    if isinstance(body, list) and template == "/repos/{owner}/{repo}/contents/{path}":
        body = [_named_submodule(entry) for entry in body]
    return replace(answer, body=_later(body))


def _named_submodule(entry: Obj) -> Obj:
    """In a listing a submodule called itself a file, one without anything to download."""
    return {**entry, "type": "submodule"} if entry["type"] == "file" and entry["git_url"] is None else entry


def _later(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """Without the properties that 2026-03-10 took out of repositories, issues and pull requests.

    What an issue says of its pull request has no ``null`` any more.
    """
    if isinstance(value, list):
        return [_later(each) for each in value]
    if not isinstance(value, dict):
        return value
    shown = {name: _later(each) for name, each in value.items() if name not in _gone(value)}
    if "assignees" in shown and isinstance(pull := shown.get("pull_request"), dict):
        shown["pull_request"] = {name: each for name, each in pull.items() if each is not None}
    return shown


def _gone(shown: Obj) -> frozenset[str]:
    if "full_name" in shown:
        return _OF_REPOSITORIES
    if "assignees" in shown:
        return frozenset({"assignee", "merge_commit_sha"})
    return frozenset()
