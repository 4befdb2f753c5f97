"""Two independent implementations, PyJWT and joserfc, set to the rules of the corpus, on every token of it.

Reads JSON lines: first the rules, then a token each. Writes a JSON line for each token: what each oracle says,
`accepted` or the name of its error. Each finds the key by the token's `kid` among the issuer's, as their pages show it.
"""

import datetime
import json
import sys
import warnings

import jwt.api_jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from jwt import PyJWK

# Both say so where a key or an algorithm is not what they recommend; that is not the question here.
warnings.simplefilter("ignore")

REQUIRED = ["iss", "aud", "exp", "iat", "cid"]


def pyjwt(token, issuer, algorithms, rules):
    kid = jwt.get_unverified_header(token)["kid"]
    jwk = next(key for key in issuer["keys"] if key["kid"] == kid)
    # A key without `alg` is for whichever the token names, of those that the rules allow.
    named = jwt.get_unverified_header(token)["alg"]
    key = PyJWK(jwk) if "alg" in jwk else PyJWK(jwk, algorithm=named)
    jwt.decode(
        token,
        key,
        algorithms=algorithms,
        issuer=issuer["issuer"],
        audience=rules["audience"],
        leeway=rules["leeway"],
        options={"require": REQUIRED},
    )


def joserfc(token, issuer, algorithms, rules):
    # By default it refuses header members that it does not know; RFC 7515 section 4 says to ignore them.
    registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
    decoded = joserfc_jwt.decode(token, issuer["key_set"], registry=registry)
    claims = joserfc_jwt.JWTClaimsRegistry(
        now=rules["now"],
        leeway=rules["leeway"],
        iss={"essential": True, "value": issuer["issuer"]},
        aud={"essential": True, "value": rules["audience"]},
        exp={"essential": True},
        iat={"essential": True},
        cid={"essential": True},
    )
    claims.validate(decoded.claims)


def verdict(oracle, token, issuers, algorithms, rules):
    """The token is accepted if it is one of any issuer's; of the errors, the first issuer's is told."""
    first = None
    for issuer in issuers:
        try:
            oracle(token, issuer, algorithms, rules)
            return "accepted"
        except Exception as error:  # noqa: BLE001: whatever it is, the token is not accepted
            first = first or type(error).__name__
    return first


def main():
    lines = (json.loads(line) for line in sys.stdin)
    rules = next(lines)
    issuers = rules["issuers"]
    for issuer in issuers:
        issuer["key_set"] = KeySet.import_key_set({"keys": issuer["keys"]})

    class Clock(datetime.datetime):
        """PyJWT asks this one for the time."""

        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(rules["now"], tz)

    jwt.api_jwt.datetime = Clock
    for case in lines:
        algorithms = rules["algorithms"][case["rules"]]
        said = {
            name: verdict(oracle, case["token"], issuers, algorithms, rules)
            for name, oracle in (("PyJWT", pyjwt), ("joserfc", joserfc))
        }
        print(json.dumps(said))


main()
