"""The image, the compose file, the manifests and the unit: pinned, unprivileged, and true to the settings."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from dms.settings import PREFIX, Settings
from tests.process import ServiceProcess

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = ROOT / "docker-compose.yml"
MANIFESTS = DEPLOY / "kubernetes"
UNIT = DEPLOY / "systemd" / "dms.service"
FILES = [DOCKERFILE, COMPOSE, *sorted(file for file in DEPLOY.rglob("*") if file.is_file())]
PAGES = [ROOT / "docs" / "deploying.md", ROOT / "docs" / "engines.md"]
SETTINGS = {PREFIX + field.name.upper() for field in fields(Settings)}
TEST_ENGINES = "DMS_TEST_"
ROOT_USER = "0"


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


def compose() -> dict[str, Any]:
    file: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return file


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def manifests() -> dict[str, dict[str, Any]]:
    """The manifests by their kind."""
    loaded = [yaml.safe_load(file.read_text()) for file in sorted(MANIFESTS.glob("*.yaml"))]
    return {manifest["kind"]: manifest for manifest in loaded}


def pod() -> dict[str, Any]:
    found: dict[str, Any] = manifests()["Deployment"]["spec"]["template"]["spec"]
    return found


def is_pinned(image: str) -> bool:
    """It names a version that stays what it is, not a channel that moves."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return re.search(r"\d+\.\d+\.\d+|\d{4}-\d{2}-\d{2}", tag) is not None


@pytest.mark.parametrize("file", [*FILES, *PAGES], ids=shown)
def test_every_setting_that_is_named_is_one_that_the_service_has(file: Path) -> None:
    named = set(re.findall(r"\bDMS_[A-Z0-9_]*[A-Z0-9]", file.read_text()))
    assert {name for name in named - SETTINGS if not name.startswith(TEST_ENGINES)} == set()


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.suffix in (".yml", ".yaml", ".json")], ids=shown
)
def test_every_file_of_data_can_be_read_as_what_it_says_it_is(file: Path) -> None:
    assert isinstance(yaml.safe_load(file.read_text()), dict)
    if file.suffix == ".json":
        json.loads(file.read_text())


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_file_that_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def images() -> list[str]:
    python = re.search(r"^ARG PYTHON=(\S+)$", DOCKERFILE.read_text(), re.M)
    assert python is not None
    return [f"python:{python[1]}", *sorted({service["image"] for service in services().values()})]


@pytest.mark.parametrize("image", images())
def test_every_image_is_pinned_to_one_version(image: str) -> None:
    assert is_pinned(image), image


@pytest.mark.parametrize("image", ["mongo", "mongo:8", "minio:latest", "reg.nl:5000/dms", "python:3.13-slim"])
def test_an_image_whose_tag_moves_does_not_pass_as_pinned(image: str) -> None:
    assert not is_pinned(image)


def test_the_image_is_built_on_nothing_but_the_pinned_base() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(), re.M)
    assert set(bases) == {"python:${PYTHON}"}


def test_the_image_runs_under_the_same_number_as_the_pods_and_the_compose_service() -> None:
    user = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE.read_text(), re.M)
    assert user == [("10001", "10001")]
    assert services()["dms"]["user"] == ":".join(user[0])
    assert (str(pod()["securityContext"]["runAsUser"]), str(pod()["securityContext"]["runAsGroup"])) == user[
        0
    ]


def test_what_goes_into_the_image_is_listed_and_all_else_stays_out() -> None:
    patterns = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("#", "")
    ]
    assert patterns[0] == "*"
    copied = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE.read_text(), re.M)
    sources = {source for line in copied for source in line.split()[:-1]}
    assert {f"!{source}" for source in sources} == {line for line in patterns if line.startswith("!")}
    assert [source for source in sources if not (ROOT / source).exists()] == []


def health_check() -> list[str]:
    command = re.search(r"^ +CMD (\[.+\])$", DOCKERFILE.read_text(), re.M)
    assert command is not None
    python, *arguments = json.loads(command[1])
    assert python == "python"
    return [sys.executable, *arguments]


def test_the_health_check_of_the_image_tells_a_ready_service_from_none(tmp_path: Path) -> None:
    with ServiceProcess(tmp_path / "data") as service:
        environment = {"DMS_PORT": service.address.rpartition(":")[2]}
        assert subprocess.run(health_check(), env=environment, check=False).returncode == 0
    gone = subprocess.run(health_check(), env=environment, check=False, stderr=subprocess.DEVNULL)
    assert gone.returncode != 0


@pytest.mark.parametrize("name", services())
def test_every_container_is_unprivileged_and_cannot_write_its_root(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    if service["user"].partition(":")[0] == ROOT_USER:
        # Only to hand a new volume to its user, and out of reach of anyone.
        assert (service["cap_add"], service["network_mode"], service["restart"]) == (["CHOWN"], "none", "no")
    else:
        assert "cap_add" not in service


@pytest.mark.parametrize("name", services())
def test_every_container_that_stays_says_when_it_is_healthy_and_is_started_again(name: str) -> None:
    service = services()[name]
    if service["restart"] == "no":
        assert "healthcheck" not in service
    else:
        assert service["restart"] == "unless-stopped"
        # The image of dms brings its own.
        assert "healthcheck" in service or name == "dms"


def test_every_port_is_published_on_loopback_only() -> None:
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_volume_and_network_that_is_used_is_declared_and_the_other_way_round() -> None:
    mounts = [mount for service in services().values() for mount in service.get("volumes", [])]
    sources = {mount.partition(":")[0] for mount in mounts}
    assert {source for source in sources if not source.startswith(".")} == set(compose()["volumes"])
    files = [source for source in sources if source.startswith(".")]
    assert [source for source in files if not (ROOT / source).is_file()] == []
    networks = {network for service in services().values() for network in service.get("networks", [])}
    assert networks == set(compose()["networks"])


def test_every_secret_comes_from_the_env_file_and_must_be_set() -> None:
    used = set(re.findall(r"\$\{([A-Z0-9_]+):\?[^}]+\}", COMPOSE.read_text()))
    optional = set(re.findall(r"\$\{([A-Z0-9_]+):-\}", COMPOSE.read_text()))
    assert len(re.findall(r"(?<!\$)\$\{", COMPOSE.read_text())) == len(
        re.findall(r"(?<!\$)\$\{[A-Z0-9_]+(?::\?[^}]+|:-)\}", COMPOSE.read_text())
    )
    example = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", (DEPLOY / "example.env").read_text(), re.M))
    assert set(example) == used
    assert optional == {"DMS_PUBLIC_URL"}
    secret = {name for name in used if re.search("PASSWORD|SECRET|KEY$", name)} - {"DMS_S3_ACCESS_KEY"}
    assert {example[name] for name in secret} == {""}


def test_only_the_engines_of_the_tests_are_left_out_of_a_plain_start() -> None:
    left_out = {name for name, service in services().items() if "profiles" in service}
    assert left_out == {name for name in services() if name.startswith("test-")}


def test_clamav_is_told_to_say_what_it_did_not_scan() -> None:
    lines = (DEPLOY / "clamd.conf").read_text().splitlines()
    told = dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    assert (told["AlertExceedsMax"], told["AlertEncrypted"]) == ("yes", "yes")
    sizes = {told[name] for name in ("StreamMaxLength", "MaxFileSize", "MaxScanSize")}
    assert {int(size.removesuffix("M")) * 2**20 for size in sizes} == {Settings().scan_most_bytes}
    patience = float(services()["dms"]["environment"]["DMS_SCAN_TIMEOUT"])
    assert int(told["MaxScanTime"]) / 1000 < patience


def test_the_pods_meet_the_restricted_standard_that_their_namespace_demands() -> None:
    enforced = manifests()["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert enforced == "restricted"
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod()["automountServiceAccountToken"] is False
    for container in pod()["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"startupProbe", "livenessProbe", "readinessProbe", "resources"} <= set(container)


def test_the_pods_mount_the_volumes_that_they_declare() -> None:
    declared = {volume["name"] for volume in pod()["volumes"]}
    assert {mount["name"] for each in pod()["containers"] for mount in each["volumeMounts"]} == declared


def test_whatever_stops_the_service_gives_it_longer_than_it_takes() -> None:
    longest = Settings().stop_time
    assert pod()["terminationGracePeriodSeconds"] > longest + 5
    assert float(services()["dms"]["stop_grace_period"].removesuffix("s")) > longest
    limit = re.search(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.M)
    assert limit is not None
    assert float(limit[1]) > longest


def test_the_kustomization_lists_every_manifest_but_the_example_of_a_secret() -> None:
    kustomization = manifests()["Kustomization"]
    listed = set(kustomization["resources"]) | {"kustomization.yaml", "secret.example.yaml"}
    assert listed == {file.name for file in MANIFESTS.iterdir()}
    assert [image["name"] for image in kustomization["images"]] == [
        container["image"] for container in pod()["containers"]
    ]
    assert set(manifests()["Secret"]["stringData"].values()) == {""}


def test_everything_selects_the_pods_by_the_label_that_they_have() -> None:
    labels = manifests()["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert manifests()["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert manifests()["Service"]["spec"]["selector"] == labels
    assert manifests()["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert manifests()["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels


def test_the_unit_has_only_options_that_systemd_knows(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("no systemd-analyze on this machine: apt-get install systemd")
    unit = tmp_path / UNIT.name
    # Its program is not installed here, and one that is missing would be all that is reported.
    unit.write_text(UNIT.read_text().replace("/opt/dms/bin/dms serve", sys.executable))
    found = subprocess.run(
        [verify, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (0, "")
