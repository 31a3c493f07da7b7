"""An OpenAPI document on a page: what is shown of it, whatever it says."""

from __future__ import annotations

from typing import Any

import pytest

from dms.api.pages.reference import Operation, Reference, reference
from dms.api.pages.rendering import Templates, assets, prose
from dms.api.pages.schemas import Shape, shape, type_in_words
from tests.html import Html

HOSTILE = '"><script>alert(1)</script>'
BADGE = "buiten de standaard"
EXPERIMENTAL_FIELD = {"properties": {"eigen": {"type": "string", "x-experimental": True}}}


def described(**operation: Any) -> dict[str, Any]:
    """A document with one operation."""
    return {"paths": {"/dingen": {"get": {"operationId": "ding_list", **operation}}}}


def the_operation(document: dict[str, Any]) -> Operation:
    """The only operation there is."""
    [group] = reference(document).groups
    [operation] = group.operations
    return operation


def rendered(shown: Reference) -> Html:
    """The page of a document."""
    page = Templates(assets()).page("reference.html", depth=3, reference=shown)
    return Html(page.body.decode())


def words(schema: dict[str, Any]) -> str:
    """The type of a schema as it is read."""
    return "".join(piece.text for piece in type_in_words(schema))


def plain(schema: dict[str, Any], **components: dict[str, Any]) -> Shape:
    """A schema as it is shown."""
    return shape(schema, components)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "string"}, "tekst"),
        ({"type": "string", "format": "date-time"}, "tekst (datum en tijd)"),
        ({"type": "string", "format": "duration"}, "tekst (duration)"),
        ({"type": ["string", "null"], "format": "uri"}, "tekst (URL) of null"),
        ({"type": "null"}, "null"),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "ja of nee of null"),
        ({"oneOf": [{"type": "string"}, {"const": ""}]}, "tekst of leeg"),
        ({"anyOf": [{"type": "string"}, {"type": "string"}]}, "tekst"),
        ({"const": {"a": 1}}, "vaste waarden"),
        ({"const": [1, 2]}, "[1,2]"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Ding"}}, "lijst van Ding"),
        ({"type": "array"}, "lijst"),
        ({"allOf": [{"$ref": "#/components/schemas/Ding"}, {"type": "object"}]}, "Ding met object"),
        ({"properties": {}}, "object"),
        ({"$ref": "https://a.nl/ding.json"}, "https://a.nl/ding.json"),
        ({"type": "vreemd"}, "vreemd"),
        ({}, "van alles"),
    ],
)
def test_a_type_is_told_in_words_that_a_reader_knows(schema: dict[str, Any], text: str) -> None:
    assert words(schema) == text


def test_only_a_component_that_a_type_names_is_linked_to() -> None:
    assert type_in_words({"$ref": "#/components/schemas/Ding"})[0].schema == "Ding"
    assert type_in_words({"$ref": "https://a.nl/ding.json"})[0].schema == ""


@pytest.mark.parametrize(
    ("schema", "limits"),
    [
        ({"minLength": 0, "maxLength": 40}, ("lengte ten hoogste 40",)),
        ({"minLength": 9, "maxLength": 9}, ("lengte precies 9",)),
        ({"minimum": 1, "maximum": 5}, ("ten minste 1", "ten hoogste 5")),
        ({"default": ""}, ("zonder opgave: leeg",)),
        ({"pattern": "x" * 100}, (f"patroon {'x' * 40}…",)),
        ({"anyOf": [{"maxItems": 2}, {"type": "null"}]}, ("aantal ten hoogste 2",)),
    ],
)
def test_what_a_value_must_keep_to_is_told_in_sentences(
    schema: dict[str, Any], limits: tuple[str, ...]
) -> None:
    assert plain(schema).limits == limits


def test_the_choices_of_a_value_or_of_the_elements_of_a_list_are_told() -> None:
    assert plain({"enum": ["a", "b"]}).choices == ("a", "b")
    assert plain({"type": "array", "items": {"enum": [1]}}).choices == ("1",)


def test_fields_within_fields_are_named_by_the_path_to_them() -> None:
    inner = {"type": "object", "required": ["b"], "properties": {"b": {"type": "string", "readOnly": True}}}
    nested = {
        "properties": {
            "a": inner,
            "lijst": {"type": "array", "items": inner},
            "keuze": {"anyOf": [inner, {"type": "null"}]},
        }
    }
    fields = {field.path: field for field in plain(nested).fields}
    assert list(fields) == ["a", "a.b", "lijst", "lijst[].b", "keuze", "keuze.b"]
    assert fields["a.b"].required and fields["a.b"].read_only and not fields["a"].required


def test_a_schema_that_names_a_component_shows_its_fields_and_a_list_those_of_its_elements() -> None:
    ding = {"description": "Een ding.", "properties": {"naam": {"type": "string"}}}
    named = plain({"$ref": "#/components/schemas/Ding"}, Ding=ding)
    assert ([field.path for field in named.fields], named.description) == (["naam"], "Een ding.")
    assert [field.path for field in plain({"type": "array", "items": ding}).fields] == ["[].naam"]
    assert plain({"$ref": "#/components/schemas/Weg"}).fields == ()


def test_a_schema_that_is_endlessly_deep_is_shown_to_a_depth_and_no_further() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(200):
        deep = {"type": "array", "items": {"anyOf": [deep, {"properties": {"x": deep}, "allOf": [deep]}]}}
    assert len(plain(deep).fields) < 100
    assert "…" in words(deep)
    choice: dict[str, Any] = {"maximum": 1, "enum": [1]}
    for _ in range(2000):
        choice = {"anyOf": [choice]}
    assert (plain(choice).limits, plain(choice).choices) == ((), ())


def test_components_that_refer_to_each_other_in_a_ring_are_shown_once_each() -> None:
    ring = {
        "A": {"properties": {"b": {"$ref": "#/components/schemas/B"}}},
        "B": {"properties": {"a": {"$ref": "#/components/schemas/A"}}},
    }
    shown = reference({"components": {"schemas": ring}})
    assert [component.name for component in shown.components] == ["A", "B"]
    assert {"schema-A", "schema-B"} <= set(rendered(shown).ids())


def test_parameters_and_answers_may_stand_elsewhere_in_the_document() -> None:
    document = described(
        parameters=[{"$ref": "#/components/parameters/Pagina"}],
        requestBody={"$ref": "#/components/requestBodies/a~1b"},
        responses={"200": {"$ref": "#/components/responses/Ding"}, "404": {"$ref": "#/weg"}},
    )
    document["components"] = {
        "parameters": {"Pagina": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
        "requestBodies": {"a/b": {"required": True, "content": {"text/plain": {}}}},
        "responses": {"Ding": {"description": "Het ding.", "headers": {"ETag": {"description": "Merk."}}}},
    }
    operation = the_operation(document)
    assert [parameter.name for parameter in operation.parameters] == ["page"]
    assert (operation.body_required, operation.bodies[0].media_type) == (True, "text/plain")
    good, missing = operation.answers
    assert (good.good, good.description, good.headers) == (True, "Het ding.", (("ETag", "Merk."),))
    assert (missing.good, missing.description, missing.bodies) == (False, "", ())


def test_a_reference_that_goes_round_in_circles_leads_nowhere() -> None:
    document = described(parameters=[{"$ref": "#/components/parameters/A"}])
    document["components"] = {"parameters": {"A": {"$ref": "#/components/parameters/A"}}}
    [parameter] = the_operation(document).parameters
    assert (parameter.name, parameter.where) == ("", "")


def test_the_parameters_of_a_path_hold_for_each_of_its_operations_unless_it_says_otherwise() -> None:
    document = described(parameters=[{"name": "a", "in": "query", "description": "eigen"}])
    document["paths"]["/dingen"]["parameters"] = [
        {"name": "a", "in": "query", "description": "gedeeld"},
        {"name": "b", "in": "header", "required": True},
    ]
    found = {parameter.name: parameter for parameter in the_operation(document).parameters}
    assert found["a"].description == "eigen"
    assert (found["b"].where, found["b"].required) == ("header", True)


def test_operations_are_grouped_by_tag_and_else_by_the_first_part_of_their_path() -> None:
    document = described(tags=["Dingen"])
    document["paths"]["/andere/{uuid}"] = {"delete": {"security": []}}
    document["tags"] = [{"name": "Dingen", "description": "Alle dingen."}]
    tagged, other = reference(document).groups
    assert (tagged.name, tagged.description, tagged.id) == ("Dingen", "Alle dingen.", "groep-Dingen")
    assert (other.name, other.operations[0].id) == ("andere", "operatie-delete-andere-uuid")


def test_the_scopes_of_the_document_hold_where_an_operation_names_none() -> None:
    document = described()
    document["security"] = [{"JWT": ["dingen.lezen"]}, {"JWT": ["dingen.lezen"]}]
    assert the_operation(document).scopes == ("dingen.lezen",)
    assert "Zonder scope." in rendered(reference(described(security=[]))).text


@pytest.mark.parametrize(
    "marked",
    [
        {"x-experimental": True},
        {"parameters": [{"name": "a", "in": "query", "x-experimental": True}]},
        {"parameters": [{"name": "a", "in": "query", "schema": {"x-experimental": True}}]},
        {"requestBody": {"content": {"application/json": {"schema": EXPERIMENTAL_FIELD}}}},
        {"responses": {"200": {"content": {"application/json": {"schema": EXPERIMENTAL_FIELD}}}}},
    ],
    ids=["operation", "parameter", "schema of a parameter", "field of a request", "field of an answer"],
)
def test_what_is_not_in_the_standard_carries_a_badge_that_the_page_explains(marked: dict[str, Any]) -> None:
    text = rendered(reference(described(**marked))).text
    # Where it is explained and where it holds; an operation has it in the overview as well.
    assert text.count(BADGE) == (3 if "x-experimental" in marked else 2)
    assert "andere diensten kennen het niet" in text


def test_a_field_or_a_whole_path_that_is_not_in_the_standard_carries_a_badge_too() -> None:
    shown = reference({"components": {"schemas": {"Ding": EXPERIMENTAL_FIELD}}})
    assert rendered(shown).text.count(BADGE) == 2
    document = described()
    document["paths"]["/dingen"]["x-experimental"] = True
    assert the_operation(document).experimental


def test_a_page_without_anything_beside_the_standard_speaks_of_no_badge() -> None:
    assert BADGE not in rendered(reference(described(**{"x-experimental": False}))).text


def test_an_operation_that_is_on_its_way_out_says_so() -> None:
    assert "verouderd" in rendered(reference(described(deprecated=True))).text


def test_nothing_that_a_document_says_becomes_an_element_of_the_page() -> None:
    schema = {
        "type": HOSTILE,
        "format": HOSTILE,
        "description": HOSTILE,
        "enum": [HOSTILE],
        "pattern": HOSTILE,
    }
    body = {"content": {HOSTILE: {"schema": {"properties": {HOSTILE: schema}, "required": [HOSTILE]}}}}
    document = {
        "info": {"title": HOSTILE, "version": HOSTILE, "description": HOSTILE},
        "servers": [{"url": HOSTILE}],
        "tags": [{"name": HOSTILE, "description": HOSTILE}],
        "paths": {
            HOSTILE: {
                "get": {
                    "operationId": HOSTILE,
                    "tags": [HOSTILE],
                    "summary": HOSTILE,
                    "description": f"`{HOSTILE}`\n\n{HOSTILE}",
                    "security": [{"JWT": [HOSTILE]}],
                    "parameters": [
                        {"name": HOSTILE, "in": HOSTILE, "schema": schema, "description": HOSTILE}
                    ],
                    "requestBody": body,
                    "responses": {
                        "200": {
                            **body,
                            "description": HOSTILE,
                            "headers": {HOSTILE: {"description": HOSTILE}},
                        },
                        HOSTILE: {**body, "description": HOSTILE},
                    },
                }
            }
        },
        "components": {"schemas": {HOSTILE: {"$ref": f"#/components/schemas/{HOSTILE}"}}},
    }
    page = rendered(reference(document))
    assert page.named("script") == []
    assert page.text.count("alert(1)") > 20
    assert [id for id in page.ids() if not id.replace("-", "").isalnum()] == []


def test_a_document_that_says_nothing_at_all_still_makes_a_page() -> None:
    page = rendered(reference({}))
    assert [level for level, _ in page.headings] == [1, 2]


def test_prose_has_paragraphs_and_code_and_is_escaped() -> None:
    assert prose("") == ""
    assert (
        prose("een `<b>` twee\n\ndrie <i>") == "<p>een <code>&lt;b&gt;</code> twee</p><p>drie &lt;i&gt;</p>"
    )
