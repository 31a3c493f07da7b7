"""The scopes of the Catalogi API (C-90); its types are guarded by nothing else."""

from dms.model.resource import Scopes

FORCED_WRITE = "catalogi.geforceerd-schrijven"
FORCED_REMOVE = "catalogi.geforceerd-verwijderen"

SCOPES = Scopes(
    read=("catalogi.lezen",),
    create=("catalogi.schrijven",),
    update=("catalogi.schrijven", FORCED_WRITE),
    remove=("catalogi.schrijven", FORCED_REMOVE),
)
