"""Work that comes round now and then, and that one node does for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from dms.actions.service import Dms
from dms.model.fields import moment_text
from dms.storage.metadata.port import Collection, Conflict, Duplicate

log = structlog.get_logger(part="dms.turns")
TURNS = Collection("turns")


async def took_turn(dms: Dms, work: str, every: timedelta) -> bool:
    """Whether this node is the one that does this round of `work`: the first that asks after `every` has
    passed since the last round began. A node that stops halfway costs the rest of that round, no more."""
    now = dms.clock()
    turn = await dms.metadata.get(TURNS.name, work)
    if turn is not None and now < datetime.fromisoformat(turn["next"]):
        return False
    following = {"_id": work, **(turn or {}), "next": moment_text(now + every)}
    try:
        async with dms.metadata.transaction() as transaction:
            if turn is None:
                transaction.insert(TURNS.name, following)
            else:
                transaction.replace(TURNS.name, following)
    except (Conflict, Duplicate):
        return False
    return True


async def in_turn(dms: Dms, work: str, every: timedelta, act: Callable[[], Awaitable[None]]) -> None:
    """Do `work` for as long as the service runs, in turn with other nodes. A round that fails is logged, and
    the next comes."""
    # Nodes that ask a little more often than the work is due take over soon from one that is gone.
    pause = min(every.total_seconds(), 60.0)
    while True:
        try:
            if await took_turn(dms, work, every):
                await act()
        except Exception:
            log.exception("failed", work=work)
        await asyncio.sleep(pause)
