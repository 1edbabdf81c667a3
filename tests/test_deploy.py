"""What `deploy/` holds is what Ray, KubeRay, a shell and Docker take: held to their own schemas."""

import copy
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.policy.test_commands import parsed
from tests.policy.tree import ROOT

DEPLOY = ROOT / "deploy"
SCHEMAS = ROOT / "tests" / "fixtures" / "kuberay"
MANIFESTS = {"kuberay-raycluster.yaml": "raycluster-v1", "kuberay-rayjob.yaml": "rayjob-v1"}
SCRIPTS = sorted(DEPLOY.glob("*.sh"))
_NAS = re.compile(r"(?<![\w./-])nas (?:search|resume|submit|doctor|jobs|logs|stop)\b[^;&|\n)`]*")


def read(name: str) -> dict:
    return YAML(typ="safe").load(DEPLOY / name)


def strict(schema: object) -> object:
    """Return a schema of Kubernetes as one that takes no key it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(part) for key, part in schema.items()}
    named = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    if named and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
    return made


def kuberay(name: str) -> dict:
    schema = strict(json.loads((SCHEMAS / f"{name}.json").read_text()))
    assert isinstance(schema, dict)
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


@pytest.mark.parametrize(("name", "schema"), MANIFESTS.items())
def test_kuberay_takes_the_manifest(name, schema):
    jsonschema.Draft7Validator(kuberay(schema)).validate(read(name))


@pytest.mark.parametrize(
    "path",
    [
        ("spec", "headGroupSpec"),
        ("spec", "workerGroupSpecs", 0),
        ("spec", "headGroupSpec", "template", "spec"),
        ("spec", "headGroupSpec", "template", "spec", "containers", 0),
        ("spec", "headGroupSpec", "template", "spec", "volumes", 0),
    ],
    ids=str,
)
def test_a_key_that_kuberay_does_not_know_is_noticed(path):
    manifest = copy.deepcopy(read("kuberay-raycluster.yaml"))
    part = manifest
    for key in path:
        part = part[key]
    part["replcas"] = 1
    with pytest.raises(jsonschema.ValidationError, match="replcas"):
        jsonschema.Draft7Validator(kuberay("raycluster-v1")).validate(manifest)


def ray_schema() -> dict:
    import ray

    path = Path(ray.__file__).parent / "autoscaler" / "ray-schema.json"
    return json.loads(path.read_text())


def test_ray_takes_the_cluster_file():
    jsonschema.Draft7Validator(ray_schema()).validate(read("ray-cluster.yaml"))


def test_a_key_that_ray_does_not_know_is_noticed():
    with pytest.raises(jsonschema.ValidationError, match="max_worker"):
        jsonschema.Draft7Validator(ray_schema()).validate(
            {**read("ray-cluster.yaml"), "max_worker": 1}
        )


def test_every_way_asks_for_a_token():
    ways = ("ray-cluster.yaml", "kuberay-raycluster.yaml", "kuberay-rayjob.yaml")
    for name in (*ways, "slurm.sh", "two-nodes.sh", "Dockerfile"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        assert "RAY_AUTH_MODE=token" in text or "mode: token" in text, name


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_one(path):
    subprocess.run(["bash", "-n", str(path)], check=True)
    assert os.access(path, os.X_OK)


def commands() -> list[tuple[str, str]]:
    """Return the commands of all files, with a spec and no quotes in what stands for a value."""
    found = []
    for path in sorted(DEPLOY.iterdir()):
        text = re.sub(r"\\\n\s*", " ", path.read_text(encoding="utf-8"))
        text = re.sub(r"\n\s+(?=(?:then|else|--)\b)", " ", text)
        found += [(path.name, line.strip()) for line in _NAS.findall(text)]
    return found


@pytest.mark.parametrize(("file", "line"), commands(), ids=str)
def test_a_command_is_one_that_nas_takes(file, line):
    words = [word for word in shlex.split(line, comments=True)[1:] if word != "$@"]
    parsed(words)


def test_commands_are_found():
    assert {name for name, _ in commands()} == {
        "kuberay-raycluster.yaml", "kuberay-rayjob.yaml", "ray-cluster.yaml", "slurm.sh",
        "two-nodes.sh",
    }  # fmt: skip


def test_the_image_is_made_of_what_is_here():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in re.sub(r"\\\n", " ", text).splitlines() if line.strip()]
    instructions = [line.split()[0] for line in lines if not line.startswith("#")]
    known = {"FROM", "RUN", "ARG", "WORKDIR", "COPY", "USER", "ENV", "CMD"}
    assert instructions[0] == "FROM"
    assert set(instructions) <= known
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]
    assert [word for word in copied if not (ROOT / word).exists()] == []
    assert {"nas", "dashboards", "coatnet", "search_spaces", "constraints.txt", "README.md"} <= set(
        copied
    )


@pytest.mark.long
@pytest.mark.ray
@pytest.mark.timeout(600)
def test_two_nodes_run_a_study(tmp_path):
    binaries = Path(sys.executable).parent
    kept = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    done = subprocess.run(
        [str(DEPLOY / "two-nodes.sh")],
        cwd=tmp_path,
        env={**kept, "PATH": f"{binaries}{os.pathsep}{kept['PATH']}", "TMPDIR": "/tmp"},
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 nodes answer" in done.stdout
    assert "is read and written by all nodes" in done.stdout
    assert "C-C-C-C" in done.stdout
    assert "SUCCEEDED" in done.stdout
