"""A large upload through two nodes on MongoDB and S3, one of which is killed, beside bare aiobotocore."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial, reduce
from secrets import token_hex
from statistics import median
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from pymongo import MongoClient

from benchmarks.bare_s3 import REGION, BareS3, bucket
from benchmarks.nodes import SENDERS, Node, upload, warmed
from benchmarks.plan import NotMeasured, Plan, Took, content
from benchmarks.report import MIB, Figure, Goal
from benchmarks.servers import serving
from benchmarks.wire import Connection, FileBody, Request
from benchmarks.zgw import Zgw

_MONGODB = "DMS_TEST_MONGODB_URL"
_S3 = ("DMS_TEST_S3_ENDPOINT", "DMS_TEST_S3_ACCESS_KEY", "DMS_TEST_S3_SECRET_KEY")
_PART = 64 * MIB
_NODES = 2
_RATIO = Goal("ratio >= 0.8", at_least=0.8)
_GROWTH = Goal("growth <= 32 MiB", at_most=32)
_EQUAL = Goal("sha256 is equal", at_least=1)
_FIRST_BYTE = Goal("over it <= 20 ms", at_most=20)


def engines(plan: Plan) -> Iterator[Figure]:
    """Parts of 64 MiB through two nodes in turn: undisturbed, and with one node killed and started again.

    The baseline sends the same bytes in the same parts to the same bucket, as many at a time; it neither
    hashes nor receives them. CPU is that of all nodes, and in brackets that of aiobotocore. Raises
    `NotMeasured` if an engine is not named.
    """
    endpoint, access_key, secret_key = _named(os.environ)
    with (
        bucket(endpoint, access_key, secret_key, connections=_NODES * SENDERS) as bare,
        _database() as metadata_url,
        content(plan, plan.largest) as body,
        ExitStack() as stack,
    ):
        _number_parts(body)
        settings: dict[str, object] = {
            "metadata_url": metadata_url,
            "content_url": f"s3://{bare.bucket}/dms?region={REGION}&endpoint={quote(endpoint)}",
            "s3_access_key": access_key,
            "s3_secret_key": secret_key,
            "part_size": _PART,
        }
        with serving(plan.home / "before", **settings) as server:
            type_ = Zgw(server).set_up().type
        warm = partial(warmed, type_=type_, body=body)
        nodes = [Node(stack, plan.home / f"node-{number}", settings, warm) for number in range(1, _NODES + 1)]
        for node in nodes:
            node.start()
        zgw = Zgw(nodes[0].server)
        zgw.type = type_
        yield from _measured(plan, nodes, zgw, bare, body)


def _named(environment: Mapping[str, str]) -> list[str]:
    """The S3 service and its keys."""
    if missing := [name for name in (_MONGODB, *_S3) if not environment.get(name)]:
        raise NotMeasured(f"{', '.join(missing)} not set, see docs/engines.md")
    return [environment[name] for name in _S3]


@contextmanager
def _database() -> Iterator[str]:
    """The URL of a database that is new, and gone when the context is left."""
    server, name = os.environ[_MONGODB], f"dms_bench_{token_hex(6)}"
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        client: MongoClient[dict[str, Any]] = MongoClient(server)
        with client:
            client.drop_database(name)


def _number_parts(body: FileBody) -> None:
    """See that no two parts are equal, so that a hash tells when they have changed places."""
    for start in range(0, body.size, _PART):
        os.pwrite(body.fd, start.to_bytes(8, "big"), start)


def _measured(plan: Plan, nodes: Sequence[Node], zgw: Zgw, bare: BareS3, body: FileBody) -> Iterator[Figure]:
    theirs, ours = _in_turn(plan, nodes, zgw, bare, body)
    size = f"{body.size // MIB} MiB"
    cpu = f"{_per_gib(body, ours.cpu):.2f} s/GiB ({_per_gib(body, theirs.cpu):.2f})"
    yield _throughput(f"S3, {size} in parts", body, ours.parts, theirs.parts, goal=_RATIO)
    yield _throughput(f"S3, {size} in parts, and unlocked", body, ours.whole, theirs.whole, cpu=cpu)

    def restart() -> None:
        nodes[1].kill()
        nodes[1].start()

    plan.say("an upload with a kill")
    os.sync()
    disturbed = upload(nodes, zgw, body, restart)
    name = f"S3, a node killed, {disturbed.again} parts again"
    yield _throughput(name, body, disturbed.took.parts, theirs.parts)
    yield _throughput(f"{name}, and unlocked", body, disturbed.took.whole, theirs.whole)
    fetching = zgw.request("GET", zgw.call("GET", disturbed.document["url"])["inhoud"])
    yield from _equal(plan, nodes, body, fetching)
    yield _first_byte(plan, nodes, bare, fetching)
    for number, node in enumerate(nodes, 1):
        yield from _growth(number, node)


def _in_turn(plan: Plan, nodes: Sequence[Node], zgw: Zgw, bare: BareS3, body: FileBody) -> tuple[Took, Took]:
    """The least that an upload took by aiobotocore, and over the nodes."""
    theirs: list[Took] = []
    ours: list[Took] = []
    for number in range(plan.uploads):
        plan.say(f"an upload by aiobotocore, {number + 1} of {plan.uploads}")
        os.sync()
        theirs.append(bare.upload(body, _PART, len(nodes) * SENDERS))
        plan.say(f"an upload over the nodes, {number + 1} of {plan.uploads}")
        os.sync()
        undisturbed = upload(nodes, zgw, body)
        ours.append(undisturbed.took)
        zgw.call("DELETE", undisturbed.document["url"])
    return reduce(Took.least, theirs), reduce(Took.least, ours)


def _throughput(
    name: str, body: FileBody, ours: float, theirs: float, *, goal: Goal | None = None, cpu: str = ""
) -> Figure:
    return Figure(
        name,
        ours=f"{body.size / MIB / ours:,.0f} MiB/s",
        baseline=f"aiobotocore {body.size / MIB / theirs:,.0f} MiB/s",
        ratio=theirs / ours,
        goal=goal,
        judged=theirs / ours,
        cpu=cpu,
    )


def _per_gib(body: FileBody, cpu: float) -> float:
    return cpu * 1024 * MIB / body.size


def _equal(plan: Plan, nodes: Sequence[Node], body: FileBody, fetching: Request) -> Iterator[Figure]:
    """What was uploaded past a kill, through each node."""
    with open(body.fd, "rb", closefd=False) as file:
        file.seek(0)
        sent = hashlib.file_digest(file, "sha256").hexdigest()
    for number, node in enumerate(nodes, 1):
        plan.say(f"a download through node {number}")
        came = Connection(node.server.port).digest(fetching)
        told = f"{came[:12]}…"
        yield Figure(
            f"S3, downloaded by node {number}", told, f"sent {sent[:12]}…", goal=_EQUAL, judged=came == sent
        )


def _first_byte(plan: Plan, nodes: Sequence[Node], bare: BareS3, fetching: Request) -> Figure:
    """The nodes and aiobotocore take turns; a download that has begun is broken off, as nothing more of it is
    of interest."""
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(plan.first_bytes):
        plan.say(f"a first byte, {number + 1} of {plan.first_bytes}")
        theirs.append(bare.first_byte())
        connection = Connection(nodes[number % len(nodes)].server.port)
        ours.append(connection.first_byte(fetching))
        connection.close()
    over = (median(ours) - median(theirs)) * 1000
    return Figure(
        f"S3, first byte, median of {plan.first_bytes}",
        ours=f"{median(ours) * 1000:.1f} ms",
        baseline=f"aiobotocore {median(theirs) * 1000:.1f} ms",
        goal=_FIRST_BYTE,
        judged=over,
    )


def _growth(number: int, node: Node) -> Iterator[Figure]:
    """Of each process that the node had, over all that it did."""
    node.look()
    for which, (grown, peak) in enumerate(node.grown):
        name = f"S3, memory of node {number}" + (", started again" if which else "")
        yield Figure(
            name,
            ours=f"{grown / MIB:+.1f} MiB",
            goal=_GROWTH,
            judged=grown / MIB,
            memory=f"{peak / MIB:.0f} MiB",
        )
