"""The effective configuration -> complete YAML, which `bot.config.load` reads as the same value."""

import json
import re
from collections.abc import Mapping, Sequence

from bot.domain.checklist_item import (
    AllOf,
    AnyOf,
    Attested,
    ChecklistItem,
    CheckPassed,
    DefinitionRemoved,
    Deployed,
    Evidence,
    FileExists,
    IssueEvidence,
    PullRequestEvidence,
    SubIssuesClosed,
    UsageEvidence,
)
from bot.domain.migration import Config, Migration, PullRequests, Rewrite, Target, TargetKind

Data = str | int | bool | None | Sequence["Data"] | Mapping[str, "Data"]

_SAFE_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$./-]*\Z")
_NOT_PLAIN = re.compile(r"(?:null|true|false|yes|no|on|off|y|n)\Z", re.IGNORECASE)
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def show(config: Config) -> str:
    """The configuration with all defaults and presets expanded."""
    return "".join(f"{line}\n" for line in _lines(_config(config), 0))


def _config(config: Config) -> Data:
    return {
        "version": 1,
        "source_roots": config.source_roots,
        "max_comments": config.max_comments,
        "ignores": {"who": "write" if config.confirm_ignores else "anybody"},
        "migrations": {migration.name: _migration(migration) for migration in config.migrations},
    }


def _migration(migration: Migration) -> Data:
    checklist = tuple(map(_item, migration.checklist))
    return _given(
        {
            "deprecated": _targets(migration, TargetKind.SYMBOL),
            "modules": _targets(migration, TargetKind.MODULE),
            "drop_in": migration.drop_in,
            "mode": migration.mode,
            "paths": _given({"include": migration.include, "exclude": migration.exclude}),
            "critical": migration.critical,
            "message": migration.message,
            "docs_url": migration.docs_url,
            "rewrites": tuple(map(_rewrite, migration.rewrites)),
            "require": tuple(f"{r.symbol} accepts {r.parameter}" for r in migration.requires),
            "pull_requests": _pull_requests(migration.pull_requests),
            "tracking": _given({"issue": migration.tracking_issue, "checklist": checklist}),
        }
    )


def _pull_requests(requested: PullRequests) -> Data:
    return {"files": requested.files, "open": requested.open, "split": requested.split, "draft": requested.draft}


def _given(data: Mapping[str, Data]) -> dict[str, Data]:
    """Without the entries that say nothing."""
    return {key: value for key, value in data.items() if value not in (None, (), {})}


def _targets(migration: Migration, kind: TargetKind) -> Data:
    return {target.name: _successor(target) for target in migration.targets if target.kind is kind}


def _successor(target: Target) -> Data:
    if target.message is None and not target.exists:
        return target.canonical
    more = _given({"message": target.message, "exists": target.exists or None})
    return {"canonical": target.canonical, **more}


def _rewrite(rewrite: Rewrite) -> Data:
    return _given(
        {
            "for": rewrite.targets,
            "when": rewrite.when,
            "match": rewrite.match,
            "replace": rewrite.replace,
            "action": rewrite.action,
            "applicability": rewrite.applicability,
            "safe_if": dict(rewrite.safe_if),
            "unless": dict(rewrite.unless),
            "reads": dict(rewrite.reads),
            "imports": rewrite.imports,
            "message": rewrite.message,
        }
    )


def _item(item: ChecklistItem) -> Data:
    return _given({"id": item.id, "phase": item.phase, "item": item.text, "evidence": _evidence(item.evidence)})


def _evidence(evidence: Evidence) -> Data:
    match evidence:
        case UsageEvidence(state=state, paths=paths, exclude=exclude, kinds=kinds):
            return {"usages": _given({"state": state, "paths": paths, "exclude": exclude, "kinds": kinds})}
        case DefinitionRemoved(symbols=symbols):
            return {"definition-removed": symbols or True}
        case FileExists(paths=paths):
            return {"file-exists": paths}
        case CheckPassed(name=name):
            return {"check": name}
        case Deployed(environment=environment):
            return {"deployment": environment}
        case PullRequestEvidence(state=state, number=number):
            return {"pull-request": _given({"state": state, "number": number})}
        case IssueEvidence(state=state, number=number):
            return {"issue": _given({"state": state, "number": number})}
        case SubIssuesClosed(number=number):
            return {"sub-issues": _given({"state": "closed", "number": number})}
        case Attested():
            return {"attested": True}
        case AllOf(evidence=parts):
            return {"all": tuple(map(_evidence, parts))}
        case AnyOf(evidence=parts):
            return {"any": tuple(map(_evidence, parts))}


def _lines(data: Data, indent: int) -> list[str]:
    """Block style: one line for each scalar, mappings and lists below their key."""
    pad = "  " * indent
    lines: list[str] = []
    match data:
        case str() | int() | None:
            lines.append(pad + scalar(data))
        case Mapping():
            for key, value in data.items():
                lines += _entry(f"{pad}{scalar(key)}:", value, indent)
        case Sequence():
            for item in data:
                first, *rest = _lines(item, indent + 1)
                lines += [f"{pad}- {first.lstrip(' ')}", *rest]
    return lines


def _entry(head: str, value: Data, indent: int) -> list[str]:
    match value:
        case str() | int() | None:
            return [f"{head} {scalar(value)}"]
        case Mapping() if not value:
            return [f"{head} {{}}"]
        case Sequence() if not value:
            return [f"{head} []"]
        case _:
            return [head, *_lines(value, indent + 1)]


def scalar(value: str | int | None) -> str:
    """Plain where no reader of YAML 1.1 or 1.2 takes it for something else, else as JSON."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _SAFE_PLAIN.match(value) and not _NOT_PLAIN.match(value):
        return str(value)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
