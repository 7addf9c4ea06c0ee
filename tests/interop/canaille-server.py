"""An identity provider that this repository did not write: Canaille, whose access tokens are opaque.

    python canaille-server.py

Its clients are in memory: an API that asks about tokens, a service with tokens for this API, and one with tokens for itself.
"""

import datetime
import logging
import os
import signal
import sys

# Authlib, under Canaille, refuses plain http otherwise. Everything is on this machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import JWKRegistry
from werkzeug.serving import make_server

SECRET = "interop-secret"
SCOPES = ["read:messages", "write:messages"]


def client(client_id, audience=None):
    it = models.Client(
        client_id=client_id,
        client_name=client_id,
        client_secret=SECRET,
        client_id_issued_at=datetime.datetime.now(datetime.timezone.utc),
        contacts=["nobody@quickstart.example"],
        grant_types=["client_credentials"],
        response_types=[],
        redirect_uris=[],
        scope=SCOPES,
        token_endpoint_auth_method="client_secret_basic",
    )
    it.audience = [audience or it]
    Backend.instance.save(it)
    return it


def main():
    # The application has to know the port.
    server = make_server("127.0.0.1", 0, app=None, threaded=True)
    host = f"127.0.0.1:{server.port}"
    key = JWKRegistry.generate_key("RSA", 2048)
    key.ensure_kid()
    app = create_app(
        config={
            "SECRET_KEY": SECRET,
            "PREFERRED_URL_SCHEME": "http",
            "SERVER_NAME": host,
            "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
        }
    )
    with app.app_context():
        api = client("messages-api")
        client("service", api)
        client("service-elsewhere")
    server.app = app
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"listening on http://{host}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main()
