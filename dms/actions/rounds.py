"""What the service does by itself, round after round: one node at a time, whoever comes first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from dms.actions.collect import collect
from dms.actions.idempotency import forget_created
from dms.actions.service import Dms
from dms.actions.turns import in_turn

log = structlog.get_logger(part="dms.rounds")


@dataclass(frozen=True, slots=True)
class Collecting:
    """How often to collect, and from what age on bodies and uploads that nothing refers to are removed."""

    every: timedelta
    orphan_age: timedelta
    upload_age: timedelta


async def collect_in_turn(dms: Dms, when: Collecting) -> None:
    """Run the collector for as long as the service does."""

    async def once() -> None:
        await forget_created(dms)
        collected = await collect(dms, orphan_age=when.orphan_age, upload_age=when.upload_age)
        if collected.dropped or collected.orphans or collected.uploads:
            log.info(
                "collected",
                dropped=collected.dropped,
                orphans=collected.orphans,
                uploads=collected.uploads,
            )

    await in_turn(dms, "collect", when.every, once)
