"""JSON Web Tokens (G-40 to G-43): which hold, and the code with which each other is refused."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms.autorisaties.applications import Application, Applications, Client
from dms.autorisaties.tokens import LONGEST_TOKEN, MOST_REMEMBERED, Claims, Tokens
from dms.model.refusals import Denied, TokenRefused
from dms.outgoing.jwts import make_token

SECRET = "a secret of thirty-two bytes or more"
CLIENT = Client("client", SECRET, Application.with_all_rights("client"))
APPLICATIONS = Applications([CLIENT, Client("no-secret", ""), Client("short", "s")])
TOKENS = Tokens(APPLICATIONS)


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a sound token, some of them changed; None leaves one out."""
    values = {"iss": "client", "iat": int(time.time()), "client_id": "client", **changes}
    return {name: value for name, value in values.items() if value is not None}


def signed(payload: Any, *, secret: str = SECRET, header: dict[str, Any] | None = None) -> str:
    """A token with any payload, signed with HS256 whatever its header says."""
    head = {"alg": "HS256", "typ": "JWT"} if header is None else header
    text = ".".join(_part(json.dumps(part).encode()) for part in (head, payload))
    return f"{text}.{_part(jwt.get_algorithm_by_name('HS256').sign(text.encode(), secret.encode()))}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def code(token: str, tokens: Tokens = TOKENS) -> str:
    """The code with which this token is refused."""
    with pytest.raises(Denied) as refused:
        tokens.check(f"Bearer {token}")
    assert refused.value.status == 403
    assert SECRET not in refused.value.detail
    return refused.value.code


def checked(token: str, tokens: Tokens = TOKENS) -> Claims:
    """What a token says, once it holds."""
    return tokens.check(f"Bearer {token}")


def test_g_40_a_token_says_who_asks_and_for_whom() -> None:
    token = make_token("client", SECRET, user_id="jansen", user_representation="J. Jansen")
    assert checked(token) == Claims(CLIENT, "jansen", "J. Jansen")
    assert checked(signed(claims())) == Claims(CLIENT, "", "")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_g_40_a_short_secret_and_claims_that_nobody_asks_for_are_fine() -> None:
    odd = claims(aud="elsewhere", sub=7, jti=[], iss=["x"], anders={"a": 1})
    assert checked(signed(odd)).client is CLIENT
    assert checked(signed(claims(client_id="short"), secret="s")).client.id == "short"


@pytest.mark.parametrize(
    ("claim", "kept"),
    [("é" * 300, "é" * 255), (7, ""), (None, ""), (["jansen"], ""), ("a\ud800b", "a?b"), ("", "")],
)
def test_g_40_an_end_user_is_text_that_can_be_kept(claim: object, kept: str) -> None:
    assert checked(signed(claims(user_id=claim, user_representation=claim)))[1:] == (kept, kept)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "Token abc", "Bearerabc", "abc.def.ghi"]
)
def test_g_43_without_a_bearer_token_the_caller_has_no_permission(header: str) -> None:
    with pytest.raises(Denied) as refused:
        TOKENS.check(header)
    assert refused.value.code == "permission_denied"


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
def test_the_scheme_of_the_header_knows_no_case(scheme: str) -> None:
    assert TOKENS.check(scheme + signed(claims())).client is CLIENT


GARBAGE = ["x", "a.b", "a.b.c", "...", "a.b.c.d", "é.ü.ï", "\udce9.a.b", "null", "e30.W10.e30"]


@pytest.mark.parametrize("token", [*GARBAGE, "a" * 2**20, f"a.{'b' * 2**20}.c"])
def test_g_41_what_is_no_token_cannot_be_decoded(token: str) -> None:
    assert code(token) == "jwt-decode-error"


@pytest.mark.parametrize("payload", [[], "text", 7, None, "[" * 3000])
def test_g_41_a_payload_that_is_no_object_cannot_be_decoded(payload: object) -> None:
    assert code(signed(payload)) == "jwt-decode-error"


def test_g_41_a_payload_that_nests_endlessly_cannot_be_decoded() -> None:
    deep = _part(b'{"a":' * 1400 + b"1" + b"}" * 1400)
    assert code(f"{_part(b'{}')}.{deep}.x") == "jwt-decode-error"


def test_g_41_a_token_over_the_longest_is_not_even_read() -> None:
    token = signed(claims(anders="a" * LONGEST_TOKEN))
    assert code(token) == "jwt-decode-error"
    assert checked(signed(claims(anders="a" * (LONGEST_TOKEN // 2)))).client is CLIENT


@pytest.mark.parametrize("client_id", [None, "", 0, [], {}, False])
def test_g_41_a_token_without_a_client_id_misses_its_identifier(client_id: object) -> None:
    assert code(signed(claims(client_id=client_id))) == "missing-client-identifier"


@pytest.mark.parametrize("client_id", ["unknown", "no-secret", "Client", 7, ["client"], {"a": 1}, True])
def test_g_41_a_client_that_is_unknown_or_without_a_secret_is_no_identifier(client_id: object) -> None:
    for secret in (SECRET, ""):
        assert code(signed(claims(client_id=client_id), secret=secret)) == "invalid-client-identifier"


def test_g_41_a_signature_with_another_secret_is_refused() -> None:
    assert code(signed(claims(), secret="guess")) == "invalid-jwt-signature"
    assert code(signed(claims(), secret="")) == "invalid-jwt-signature"
    head, _, signature = signed(claims()).split(".")
    other = _part(json.dumps(claims(user_id="burgemeester")).encode())
    assert code(f"{head}.{other}.{signature}") == "invalid-jwt-signature"


@pytest.mark.parametrize("algorithm", ["none", "None", "RS256", "HS384", "HS512", "ES256", "hs256", ""])
def test_g_40_no_algorithm_but_hs256_is_accepted(algorithm: str) -> None:
    header = {"alg": algorithm, "typ": "JWT"}
    assert code(signed(claims(), header=header)) == "jwt-invalidalgorithmerror"
    unsigned = signed(claims(), header=header).rpartition(".")[0] + "."
    assert code(unsigned) == "jwt-invalidalgorithmerror"


def test_g_40_a_header_without_an_algorithm_is_refused() -> None:
    assert code(signed(claims(), header={"typ": "JWT"})) == "jwt-invalidalgorithmerror"


def test_g_41_without_an_iat_the_token_has_no_age() -> None:
    assert code(signed(claims(iat=None))) == "jwt-missing-iat-claim"
    assert code(signed({**claims(), "iat": None})) == "jwt-missing-iat-claim"


@pytest.mark.parametrize("iat", ["1790000000", "nu", True, [1], {"a": 1}, float("nan"), float("inf")])
def test_g_41_an_iat_that_is_no_number_is_refused(iat: object) -> None:
    assert code(signed({**claims(), "iat": iat})) == "jwt-invalidissuedaterror"


def test_g_42_a_token_is_too_old_at_the_age_that_is_set() -> None:
    now = int(time.time())
    assert code(signed(claims(iat=now - 3600))) == "jwt-expired"
    assert checked(signed(claims(iat=now - 3590)))
    assert checked(signed(claims(iat=now - 3590.5)))
    assert code(signed(claims(iat=0))) == "jwt-expired"
    assert code(signed(claims(iat=-(10**400)))) == "jwt-expired"


def test_g_42_the_leeway_makes_a_token_last_longer() -> None:
    now, lenient = int(time.time()), Tokens(APPLICATIONS, expiry=60, leeway=30)
    assert checked(signed(claims(iat=now - 85)), lenient)
    assert code(signed(claims(iat=now - 90)), lenient) == "jwt-expired"
    assert code(signed(claims(iat=now - 85)), Tokens(APPLICATIONS, expiry=60)) == "jwt-expired"
    assert checked(signed(claims(exp=now - 20, nbf=now + 20)), lenient)
    assert code(signed(claims(exp=now - 40)), lenient) == "jwt-expiredsignatureerror"


def test_g_42_an_iat_in_the_future_is_not_refused() -> None:
    assert checked(signed(claims(iat=int(time.time()) + 86400)))
    assert checked(signed(claims(iat=10**400)))


def test_g_40_exp_and_nbf_are_verified_when_they_are_there() -> None:
    now = int(time.time())
    assert checked(signed(claims(exp=now + 60, nbf=now - 60)))
    assert code(signed(claims(exp=now - 1))) == "jwt-expiredsignatureerror"
    assert code(signed(claims(nbf=now + 60))) == "jwt-immaturesignatureerror"


@pytest.mark.parametrize("claim", ["exp", "nbf"])
@pytest.mark.parametrize("value", ["morgen", [], {}, [1], float("nan"), float("inf"), -float("inf")])
def test_g_41_an_exp_or_nbf_that_is_no_number_is_refused(claim: str, value: object) -> None:
    assert code(signed(claims(**{claim: value}))) == "jwt-decode-error"


def test_g_41_the_codes_are_those_of_refused_tokens() -> None:
    with pytest.raises(TokenRefused):
        checked("x")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)
NAMES = st.sampled_from(["iss", "iat", "exp", "nbf", "aud", "sub", "jti", "client_id", "user_id", "crit"])


@given(
    st.dictionaries(NAMES, ANY, max_size=4),
    st.none() | st.dictionaries(st.sampled_from(["alg", "typ", "crit", "b64", "kid", "cty"]), ANY),
)
def test_no_token_makes_the_check_raise_anything_but_a_refusal(
    changes: dict[str, Any], header: dict[str, Any] | None
) -> None:
    head = None if header is None else {"alg": "HS256", **header}
    try:
        checked(signed({**claims(), **changes}, header=head))
    except Denied as refused:
        assert refused.code


@given(st.text())
def test_no_header_makes_the_check_raise_anything_but_a_refusal(header: str) -> None:
    for text in (header, f"Bearer {header}"):
        with pytest.raises(Denied):
            TOKENS.check(text)


def test_g_41_a_token_that_held_holds_no_longer_than_its_client_has_that_secret() -> None:
    applications = Applications([CLIENT])
    tokens = Tokens(applications)
    token = make_token("client", SECRET)
    assert checked(token, tokens) == checked(token, tokens)
    applications.add(Client("client", "another secret of thirty-two bytes"))
    assert code(token, tokens) == "invalid-jwt-signature"


def test_g_42_a_token_that_held_is_refused_once_it_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    tokens = Tokens(Applications([CLIENT]), expiry=100)
    token, short = signed(claims(iat=now)), signed(claims(iat=now, exp=now + 10))
    assert checked(token, tokens) == checked(short, tokens)
    monkeypatch.setattr(time, "time", lambda: now + 50)
    assert checked(token, tokens).client is CLIENT
    monkeypatch.setattr(time, "time", lambda: now + 101)
    assert code(token, tokens) == "jwt-expired"


def test_tokens_that_held_are_remembered_up_to_a_bound() -> None:
    tokens = Tokens(Applications([CLIENT]))
    first = make_token("client", SECRET, user_id="first")
    for number in range(MOST_REMEMBERED + 1):
        checked(make_token("client", SECRET, user_id=f"user {number}"), tokens)
    assert len(tokens._held) == MOST_REMEMBERED
    assert checked(first, tokens).user_id == "first"
