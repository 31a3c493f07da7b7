"""The Documenten API as a value."""

from dms.documenten.resources.bestandsdelen import BESTANDSDELEN
from dms.documenten.resources.enkelvoudiginformatieobjecten import ENKELVOUDIGINFORMATIEOBJECTEN
from dms.documenten.resources.gebruiksrechten import GEBRUIKSRECHTEN
from dms.documenten.resources.objectinformatieobjecten import OBJECTINFORMATIEOBJECTEN
from dms.documenten.resources.verzendingen import VERZENDINGEN
from dms.model.resource import Api

DOCUMENTEN = Api(
    name="documenten",
    component="drc",
    version="1.7.0",
    title="Documenten API",
    description="Documenten met metagegevens, versies en inhoud die als stroom binnenkomt en uitgaat.",
    resources=(
        ENKELVOUDIGINFORMATIEOBJECTEN,
        BESTANDSDELEN,
        GEBRUIKSRECHTEN,
        OBJECTINFORMATIEOBJECTEN,
        VERZENDINGEN,
    ),
)
