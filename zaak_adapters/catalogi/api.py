"""The Catalogi API as a value."""

from dms.model.resource import Api
from zaak_adapters.catalogi.resources.besluittypen import BESLUITTYPEN
from zaak_adapters.catalogi.resources.catalogussen import CATALOGUSSEN
from zaak_adapters.catalogi.resources.informatieobjecttypen import INFORMATIEOBJECTTYPEN
from zaak_adapters.catalogi.resources.zaaktypen import ZAAKTYPEN

CATALOGI = Api(
    name="catalogi",
    component="ztc",
    version="1.3.3",
    title="Catalogi API",
    description="Catalogi met de typen waar documenten, zaken en besluiten van zijn.",
    resources=(CATALOGUSSEN, ZAAKTYPEN, BESLUITTYPEN, INFORMATIEOBJECTTYPEN),
)
