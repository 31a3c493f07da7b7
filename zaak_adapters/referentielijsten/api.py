"""The Referentielijsten and Selectielijst API as a value."""

from dms.model.resource import Api
from zaak_adapters.referentielijsten.resources.communicatiekanalen import COMMUNICATIEKANALEN
from zaak_adapters.referentielijsten.resources.procestypen import PROCESTYPEN
from zaak_adapters.referentielijsten.resources.resultaattypeomschrijvingen import RESULTAATTYPEOMSCHRIJVINGEN
from zaak_adapters.referentielijsten.resources.resultaten import RESULTATEN

REFERENTIELIJSTEN = Api(
    name="referentielijsten",
    component="vrl",
    version="0.6.0",
    title="Referentielijsten en Selectielijst API",
    description="Lijsten van waarden waar catalogi naar verwijzen, voor iedereen te lezen.",
    resources=(COMMUNICATIEKANALEN, PROCESTYPEN, RESULTAATTYPEOMSCHRIJVINGEN, RESULTATEN),
)
