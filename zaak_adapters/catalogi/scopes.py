"""The scopes of the Catalogi API (C-90); its types are guarded by nothing else."""

from dms.model.resource import Scopes

FORCED_WRITE = "catalogi.geforceerd-schrijven"
FORCED_REMOVE = "catalogi.geforceerd-verwijderen"

SCOPES = Scopes(
    # ztc-014, QC-7: who may read zaken or documenten may read what types they are of.
    read=("catalogi.lezen", "zrc:zaken.lezen", "drc:documenten.lezen"),
    create=("catalogi.schrijven",),
    update=("catalogi.schrijven", FORCED_WRITE),
    remove=("catalogi.schrijven", FORCED_REMOVE),
)
