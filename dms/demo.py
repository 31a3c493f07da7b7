"""A small catalogue to begin with, so that a first document has a type, and lists with examples."""

from __future__ import annotations

from dms.actions.change import publish
from dms.actions.create import create
from dms.actions.service import Dms
from dms.autorisaties.applications import Application
from dms.autorisaties.caller import Caller
from dms.model.query import Equals
from zaak_adapters.referentielijsten.form import LISTS
from zaak_adapters.referentielijsten.register import fill
from zaak_adapters.referentielijsten.sample import sample

DOMEIN = "DEMO"
RSIN = "000000000"
_ORIGIN = "http://localhost"
_TYPES = (("Aanvraag", "zaakvertrouwelijk"), ("Besluit", "openbaar"), ("Bijlage", "zaakvertrouwelijk"))


async def demo_types(dms: Dms, application: Application) -> list[str]:
    """The links to the published types of the demo catalogue, which is made if it is not there yet."""
    caller = Caller(application, user_id="", user_representation="", origin=_ORIGIN)
    catalogues, types = dms.resource("catalogussen"), dms.resource("informatieobjecttypen")
    found = await dms.metadata.find(catalogues.collection, Equals("domein", DOMEIN), limit=1)
    if found:
        of_it = Equals("catalogus", found[0]["url"])
        return [str(type_["url"]) for type_ in await dms.metadata.find(types.collection, of_it)]
    values = {"domein": DOMEIN, "rsin": RSIN, "contactpersoonBeheerNaam": "Functioneel beheer"}
    catalogue = await create(dms, catalogues, {**values, "naam": "Voorbeeld"}, caller, {})
    made = []
    for omschrijving, level in _TYPES:
        sent = {
            "catalogus": _ORIGIN + catalogue["url"],
            "omschrijving": omschrijving,
            "vertrouwelijkheidaanduiding": level,
            "beginGeldigheid": "2020-01-01",
            "informatieobjectcategorie": omschrijving,
        }
        type_ = await create(dms, types, sent, caller, {})
        made.append(str((await publish(dms, types, type_["_id"], caller))["url"]))
    return made


async def demo_lists(dms: Dms) -> None:
    """The lists of the sample, unless there is something in them already."""
    for resource in LISTS.values():
        if await dms.metadata.count(resource.collection):
            return
    await fill(dms.metadata, sample())
