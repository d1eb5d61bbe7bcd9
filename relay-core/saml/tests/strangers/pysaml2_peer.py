#!/usr/bin/python3
"""pysaml2 as a service, told what to do a line at a time; see lasso_peer.py."""

import json
import logging
import os
import sys
import tempfile

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig

logging.disable(logging.CRITICAL)


class Party:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def begin(self, id, consumer, key, certificate, other):
        key, certificate = self.path("key.pem", key), self.path("certificate.pem", certificate)
        config = SPConfig().load(
            {
                "entityid": id,
                "xmlsec_binary": "/usr/bin/xmlsec1",
                "key_file": key,
                "cert_file": certificate,
                "encryption_keypairs": [{"key_file": key, "cert_file": certificate}],
                "metadata": {"inline": [other]},
                "service": {
                    "sp": {
                        "endpoints": {"assertion_consumer_service": [(consumer, BINDING_HTTP_POST)]},
                        "want_response_signed": True,
                        "want_assertions_signed": True,
                        "allow_unsolicited": False,
                    }
                },
            }
        )
        self.client = Saml2Client(config)

    def request(self, to):
        id, info = self.client.prepare_for_authenticate(to, binding=BINDING_HTTP_REDIRECT)
        return {"id": id, "url": dict(info["headers"])["Location"]}

    def response(self, body, request):
        taken = self.client.parse_authn_request_response(body, BINDING_HTTP_POST, {request: "/"})
        return {"name": taken.get_subject().text}


def main():
    with tempfile.TemporaryDirectory() as folder:
        party = Party(folder)
        for line in sys.stdin:
            order = json.loads(line)
            try:
                answer = getattr(party, order.pop("do"))(**order) or {}
            except Exception as error:  # its errors have no common root
                answer = {"error": f"{error.__class__.__name__}: {error}"}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
