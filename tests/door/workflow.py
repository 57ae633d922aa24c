"""What a runner of GitHub Actions does with the steps of ``action.yml``: expressions, environment files, bash."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.layering import ROOT

ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text())


@dataclass(frozen=True, kw_only=True)
class Done:
    """A finished run."""

    status: int
    log: str
    summary: str
    outputs: dict[str, str]
    uploaded: str | None
    """The file that the step which uploads was given; ``None``: that step did not run."""


@dataclass(kw_only=True)
class Runner:
    """Runs the steps in a checkout.  The Python and its packages are the tests' own: no step installs anything."""

    checkout: Path
    temp: Path
    inputs: Mapping[str, str]
    event: Mapping[str, Any]
    environment: Mapping[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def run(self) -> Done:
        log, status, uploaded = "", 0, None
        summary = self.temp / "summary"
        summary.touch()
        for step in ACTION["runs"]["steps"]:
            if step.get("name") == "Install" or status or not self.evaluate(step.get("if", "true")):
                continue
            if "run" in step:
                done = self._bash(step, summary)
                log, status = log + done.stdout, done.returncode
            elif "upload-sarif" in step["uses"]:
                uploaded = self.filled(step["with"]["sarif_file"])
        return Done(
            status=status,
            log=log,
            summary=summary.read_text(),
            outputs={name: self.filled(each["value"]) for name, each in ACTION["outputs"].items()},
            uploaded=uploaded,
        )

    def _bash(self, step: Mapping[str, Any], summary: Path) -> subprocess.CompletedProcess[str]:
        """https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax (``shell: bash``)."""
        assert step["shell"] == "bash"
        script, output = self.temp / "step.sh", self.temp / "output"
        script.write_text(step["run"])
        output.write_text("")
        env = {name: self.filled(value) for name, value in step.get("env", {}).items()}
        files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.checkout,
            env={**self.environment, **env, **files},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        pairs = (line.partition("=") for line in output.read_text().splitlines())
        self.outputs.setdefault(step.get("id", ""), {}).update({name: value for name, _, value in pairs})
        return done

    def filled(self, text: str) -> str:
        """The text with its expressions evaluated."""
        return re.sub(r"\$\{\{(.*?)\}\}", lambda match: _text(self.evaluate(match[1])), str(text))

    def evaluate(self, expression: str) -> object:
        """``a && b``, ``a || b``, ``a == b``, ``a != b`` of contexts and literals, as in GitHub's expressions."""
        for sign in ("||", "&&"):
            left, found, right = expression.partition(sign)
            if found:
                first = self.evaluate(left)
                return (first or self.evaluate(right)) if sign == "||" else (first and self.evaluate(right))
        for sign in ("==", "!="):
            left, found, right = expression.partition(sign)
            if found:
                return (self.evaluate(left) == self.evaluate(right)) is (sign == "==")
        return self._value(expression.strip())

    def _value(self, word: str) -> object:
        if word in ("true", "false"):
            return word == "true"
        if word.startswith("'"):
            return word.strip("'")
        value: object = {
            "inputs": {name: each["default"] for name, each in ACTION["inputs"].items()} | dict(self.inputs),
            "github": {"event": self.event, "action_path": str(ROOT)},
            "runner": {"temp": str(self.temp)},
            "steps": {step: {"outputs": outputs} for step, outputs in self.outputs.items()},
        }
        for part in word.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
