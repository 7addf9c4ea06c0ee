"""The tutorial's client in Python: get a token, call the API, print the status and the body.

    python3 call.py ISSUER AUDIENCE SCOPE URL
"""

import http.client
import json
import sys
from urllib.parse import urlsplit


def exchange(method, url, body=None, headers={}):
    """One request on a connection of its own; the status and the body of the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, parts.path or "/", body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: python3 call.py ISSUER AUDIENCE SCOPE URL")
    issuer, audience, scope, url = sys.argv[1:]

    status, body = exchange(
        "POST",
        issuer.rstrip("/") + "/oauth/token",
        json.dumps({
            "grant_type": "client_credentials",
            "client_id": "interop",
            "client_secret": "interop",
            "audience": audience,
            "scope": scope,
        }),
        {"content-type": "application/json"},
    )
    if status != 200:
        sys.exit(f"the issuer answered {status}: {body}")
    token = json.loads(body)

    status, body = exchange(
        "GET", url, headers={"authorization": f"{token['token_type']} {token['access_token']}"}
    )
    print(status, body)


if __name__ == "__main__":
    main()
