"""What is in ``deploy/``: valid by the schemas of what reads it, with resources, probes and no secret in it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs
import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from bot import __version__
from tests.deploy.charts import CHART, PLAIN, Chart, parsed, plain
from tests.layering import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = ("1.30", "1.37")
"""The versions by whose schemas manifests are checked, of those that the validator has."""
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "with an ingress": {"ingress": {"enabled": True, "className": "nginx", "annotations": {"a/b": "c"}}},
    "pinned": {"image": {"digest": "sha256:" + "a" * 64}, "imagePullSecrets": [{"name": "registry"}]},
    "placed": {
        "replicas": 1,
        "podAnnotations": {"prometheus.io/scrape": "true"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "only", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
        "env": {"SSOT_ALLOW": "acme", "LOG_LEVEL": "debug"},
    },
}


def load(text: str) -> Any:  # noqa: ANN401  what YAML holds
    return YAML(typ="safe").load(text)


def documents(text: str) -> list[dict[str, Any]]:
    return [each for each in YAML(typ="safe").load_all(text) if each]


def vendored(name: str) -> dict[str, Any]:
    """A schema of SchemaStore's that check-jsonschema has with it."""
    place = resources.files("check_jsonschema.builtin_schemas") / "vendor" / f"{name}.json"
    schema: dict[str, Any] = json.loads(place.read_text())
    return schema


def containers(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    template = document.get("spec", {}).get("template", {})
    yield from template.get("spec", {}).get("containers", [])


# --- Compose ----------------------------------------------------------------------------------------------------


def test_the_compose_file_is_valid() -> None:
    compose = load((DEPLOY / "compose.yaml").read_text())
    jsonschema_rs.validate(vendored("compose-spec"), compose)
    for name, service in compose["services"].items():
        assert re.fullmatch(r"\S+:[\w.-]*\d[\w.-]*", service["image"]), "a version is named"
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert "no-new-privileges:true" in service["security_opt"]
    assert compose["services"]["database"]["healthcheck"]["test"][0] == "CMD"
    assert compose["services"]["server"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert "HEALTHCHECK" in (DEPLOY / "Dockerfile").read_text()


def test_the_compose_file_asks_for_every_secret() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    for name in ("GITHUB_WEBHOOK_SECRET", "SSOT_MARKER_KEYS", "POSTGRES_PASSWORD"):
        assert re.search(rf"\$\{{{name}:\?", text), f"{name} has no default"
    published = load(text)["services"]["server"]["ports"]
    assert published == ["127.0.0.1:8000:8000"], "a proxy with TLS stands in front"
    assert "ports" not in load(text)["services"]["database"]


def _compose() -> list[str] | None:
    """The command of Docker Compose 2; ``None`` where it is not installed."""
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        return [docker, "compose"]
    return None


@pytest.mark.skipif(_compose() is None, reason="Docker Compose is not installed; its schema is checked above")
def test_docker_compose_takes_it(tmp_path: Path) -> None:
    env = tmp_path / "ssot.env"
    names = ("GITHUB_APP_ID", "GITHUB_WEBHOOK_SECRET", "SSOT_MARKER_KEYS", "POSTGRES_PASSWORD")
    env.write_text("".join(f"{name}=x\n" for name in names))
    command = [*(_compose() or []), "-f", str(DEPLOY / "compose.yaml"), "--env-file", str(env), "config", "--quiet"]
    subprocess.run(command, check=True)


# --- Kubernetes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_the_chart_makes_valid_manifests(values: dict[str, Any], version: str) -> None:
    made = [load(text) for text in Chart(values).documents()]
    assert [each["kind"] for each in made if each["kind"] != "Ingress"] == [
        "Deployment", "PodDisruptionBudget", "Service", "ServiceAccount",
    ]  # fmt: skip
    for document in made:
        kubernetes_validate.validate(document, version, strict=True)


def test_the_plain_manifests_are_the_chart_s() -> None:
    assert PLAIN.read_text() == plain(), "run python -m tests.deploy.charts"


@pytest.mark.parametrize("path", sorted((DEPLOY / "kubernetes").glob("*.yaml")), ids=lambda path: path.name)
def test_the_plain_manifests_are_valid(path: Path) -> None:
    for document in documents(path.read_text()):
        kubernetes_validate.validate(document, KUBERNETES[-1], strict=True)


def test_the_values_have_a_schema() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema_rs.validate(schema, load((CHART / "values.yaml").read_text()))
    for values in VARIANTS.values():
        jsonschema_rs.validate(schema, Chart(values).context["Values"])
    for wrong in ({"replicas": 0}, {"image": {"digest": "latest"}}, {"env": {"A": 1}}, {"replica": 2}):
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(schema, Chart(wrong).context["Values"])


@pytest.mark.skipif(
    shutil.which("helm") is None, reason="Helm is not installed; the chart is rendered without it above"
)
@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_helm_makes_the_same(values: dict[str, Any], tmp_path: Path) -> None:
    given = tmp_path / "values.json"
    given.write_text(json.dumps(values))
    subprocess.run(["helm", "lint", "--strict", str(CHART), "--values", str(given)], check=True, capture_output=True)
    command = ["helm", "template", "ssot-bot", str(CHART), "--values", str(given)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    by_kind = {each["kind"]: each for each in documents(done.stdout)}
    assert by_kind == {each["kind"]: each for each in map(load, Chart(values).documents())}


@pytest.mark.parametrize("text", ["{{ .Values.a | upper }}", "{{ tpl .Values.a . }}", "{{ if .Values.a }}x"])
def test_what_is_not_known_of_templates_is_an_error(text: str) -> None:
    chart = Chart({"a": "x"})
    with pytest.raises((ValueError, AssertionError)):
        chart.rendered(parsed(text).body, {})


def test_the_versions_are_the_program_s() -> None:
    about = load((CHART / "Chart.yaml").read_text())
    assert about["appVersion"] == __version__
    for path in ("compose.yaml", "cloud-run/service.yaml", "app-engine/app.yaml", "kubernetes/ssot-bot.yaml"):
        assert f"ssot-bot:{__version__}" in (DEPLOY / path).read_text(), path


@pytest.mark.parametrize("path", ["kubernetes/ssot-bot.yaml", "cloud-run/service.yaml"])
def test_every_server_has_probes_and_limits(path: str) -> None:
    found = [each for document in documents((DEPLOY / path).read_text()) for each in containers(document)]
    assert found
    for container in found:
        assert container["resources"]["limits"]["memory"] == "2Gi"
        assert container["startupProbe"]["httpGet"]["path"] == "/health/ready"
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live", (
            "a lost database is no reason to restart"
        )


def test_pods_have_no_rights() -> None:
    [container] = (each for document in documents(PLAIN.read_text()) for each in containers(document))
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    [pod] = (each["spec"]["template"]["spec"] for each in documents(PLAIN.read_text()) if each["kind"] == "Deployment")
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsUser"] == 10001, "as in the image"


def test_the_secrets_are_variables_of_the_server() -> None:
    keys = documents((DEPLOY / "kubernetes" / "secret.example.yaml").read_text())[0]["stringData"].keys()
    text = (ROOT / "docs" / "operations.md").read_text()
    assert all(f"`{key}`" in text for key in keys)


# --- Google -----------------------------------------------------------------------------------------------------


def test_cloud_run_keeps_the_workers_running() -> None:
    [service] = documents((DEPLOY / "cloud-run" / "service.yaml").read_text())
    template = service["spec"]["template"]
    assert template["metadata"]["annotations"]["run.googleapis.com/cpu-throttling"] == "false"
    assert template["metadata"]["annotations"]["autoscaling.knative.dev/minScale"] == "1"
    [container] = containers(service)
    secret = {each["name"] for each in container["env"] if "valueFrom" in each}
    assert secret == {"GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "SSOT_MARKER_KEYS", "SSOT_DATABASE_URL"}
    assert "PORT" not in {each["name"] for each in container["env"]}, "Cloud Run sets it itself"


def test_app_engine_runs_the_image_with_a_fixed_number_of_instances() -> None:
    [app] = documents((DEPLOY / "app-engine" / "app.yaml").read_text())
    assert (app["runtime"], app["env"], app["manual_scaling"]) == ("custom", "flex", {"instances": 1})
    assert app["liveness_check"]["path"] == "/health/live"
    assert app["readiness_check"]["path"] == "/health/ready"
    assert app["resources"]["memory_gb"] == 2
    for name in ("GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "SSOT_MARKER_KEYS", "SSOT_DATABASE_URL"):
        assert app["env_variables"][name] == f"${{{name}}}", "filled in when it is deployed"


# --- systemd ----------------------------------------------------------------------------------------------------


def unit() -> dict[str, list[str]]:
    """The settings of the unit, by section and name."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (DEPLOY / "systemd" / "ssot-bot.service").read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(f"{section}.{name}", []).append(value)
    return found


def test_the_unit_says_what_it_may_use() -> None:
    settings = unit()
    assert settings["Service.MemoryMax"] == ["2G"]
    assert settings["Service.DynamicUser"] == ["yes"]
    assert settings["Service.ExecStart"] == ["/opt/ssot/bin/ssot serve"]
    assert settings["Service.LoadCredential"] == ["private-key.pem:/etc/ssot-bot/private-key.pem"]
    assert int(settings["Service.TimeoutStopSec"][0]) > 8, "the server ends within 8 s"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    path = tmp_path / "ssot-bot.service"
    text = (DEPLOY / "systemd" / "ssot-bot.service").read_text()
    path.write_text(text.replace("/opt/ssot/bin/ssot", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
