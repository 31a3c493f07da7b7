"""The Catalogi API as a value."""

from dms.model.resource import Api
from zaak_adapters.catalogi.resources.besluittypen import BESLUITTYPEN
from zaak_adapters.catalogi.resources.catalogussen import CATALOGUSSEN
from zaak_adapters.catalogi.resources.eigenschappen import EIGENSCHAPPEN
from zaak_adapters.catalogi.resources.informatieobjecttypen import INFORMATIEOBJECTTYPEN
from zaak_adapters.catalogi.resources.resultaattypen import RESULTAATTYPEN
from zaak_adapters.catalogi.resources.roltypen import ROLTYPEN
from zaak_adapters.catalogi.resources.statustypen import STATUSTYPEN
from zaak_adapters.catalogi.resources.zaakobjecttypen import ZAAKOBJECTTYPEN
from zaak_adapters.catalogi.resources.zaaktype_informatieobjecttypen import ZAAKTYPE_INFORMATIEOBJECTTYPEN
from zaak_adapters.catalogi.resources.zaaktypen import ZAAKTYPEN

CATALOGI = Api(
    name="catalogi",
    component="ztc",
    version="1.3.3",
    title="Catalogi API",
    description="Catalogi met de typen waar documenten, zaken en besluiten van zijn.",
    resources=(
        CATALOGUSSEN,
        ZAAKTYPEN,
        STATUSTYPEN,
        RESULTAATTYPEN,
        ROLTYPEN,
        EIGENSCHAPPEN,
        ZAAKOBJECTTYPEN,
        ZAAKTYPE_INFORMATIEOBJECTTYPEN,
        BESLUITTYPEN,
        INFORMATIEOBJECTTYPEN,
    ),
)
