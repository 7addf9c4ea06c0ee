"""A client with the PyPI package `pydpop`, which repeats a call with the nonce by itself: gets a bound token and calls an
API with proofs. Prints the status and the error code of each call as one line of JSON.

    python pydpop-client.py API CLIENT SECRET SCOPE ISSUER
"""

import json
import re
import sys

import httpx
from pydpop import generate_key
from pydpop.integrations.httpx import DPoPAuth


def main():
    if len(sys.argv) != 6:
        sys.exit("usage: python pydpop-client.py API CLIENT SECRET SCOPE ISSUER")
    api, client, secret, scope, issuer = sys.argv[1:]
    http = httpx.Client(timeout=30, trust_env=False)

    metadata = http.get(f"{issuer}/.well-known/openid-configuration").json()
    key = generate_key()
    basic = httpx.BasicAuth(client, secret)
    form = {"grant_type": "client_credentials", "resource": api, "scope": scope}
    request = http.build_request("POST", metadata["token_endpoint"], data=form)
    request = next(basic.auth_flow(request))
    token = http.send(request, auth=DPoPAuth(key)).json()["access_token"]

    def call(what, method, path, key):
        proofs = DPoPAuth(key, access_token=token) if key else None
        scheme = "DPoP" if key else "Bearer"
        answer = http.request(
            method, api + path, auth=proofs, headers={"authorization": f"{scheme} {token}"}
        )
        error = re.search(r'error="(\w+)"', answer.headers.get("www-authenticate", ""))
        print(json.dumps({
            "what": what,
            "status": answer.status_code,
            "error": error and error[1],
        }, separators=(",", ":")))

    call("a call", "GET", "/api/private", key)
    call("another call", "GET", "/api/private?page=2", key)
    call("without the scope", "POST", "/api/messages", key)
    call("by another key", "GET", "/api/private", generate_key())
    call("by a hybrid key", "GET", "/api/private", generate_key("ML-DSA-44-ES256"))
    call("as a bearer token", "GET", "/api/private", None)


if __name__ == "__main__":
    main()
