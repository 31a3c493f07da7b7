"""The caller: who asks, on whose behalf, and under which origin it knows this service."""

from __future__ import annotations

from dataclasses import dataclass

from dms.autorisaties.access import NO_RIGHTS, Access
from dms.autorisaties.applications import Application


@dataclass(frozen=True, slots=True)
class Caller:
    """An application, and the end user that its token names (G-40).

    `origin` is scheme and host of every URL handed to this caller. `toelichting` is the reason it gave for
    a change, for the audit trail (G-21). `idempotency_key` names a create that may be sent again, or is "".
    """

    application: Application
    user_id: str
    user_representation: str
    origin: str
    toelichting: str = ""
    idempotency_key: str = ""

    @classmethod
    def unknown(cls, origin: str) -> Caller:
        """Whoever reads what anyone may read."""
        return cls(Application("", "", NO_RIGHTS), user_id="", user_representation="", origin=origin)

    @property
    def access(self) -> Access:
        """What the caller may see and do."""
        return self.application.access
