#!/usr/bin/python3
"""A library's catalogue whose people read their name from pysaml2, as its documentation says; nothing of it is ours.

library.py FOLDER PORT IDP-METADATA IDP-ENTITY: writes FOLDER/library.xml and FOLDER/certificate.pem, says `listening`, serves.
"""

import logging
import os
import secrets
import subprocess
import sys
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

logging.disable(logging.CRITICAL)
FOLDER, PORT, METADATA, IDP = sys.argv[1:]
HERE = f"http://localhost:{PORT}"
KEY, CERTIFICATE = (os.path.join(FOLDER, name) for name in ("key.pem", "certificate.pem"))
subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", "-subj", "/CN=library"]
    + ["-keyout", KEY, "-out", CERTIFICATE],
    check=True,
    capture_output=True,
)
CONFIG = SPConfig().load(
    {
        "entityid": f"{HERE}/saml",
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "key_file": KEY,
        "cert_file": CERTIFICATE,
        "encryption_keypairs": [{"key_file": KEY, "cert_file": CERTIFICATE}],
        "metadata": {"local": [METADATA]},
        "service": {
            "sp": {
                "name": "図書館の蔵書",
                # Unsaid, it signs with SHA-1, which the relay refuses.
                "signing_algorithm": SIG_RSA_SHA256,
                "digest_algorithm": DIGEST_SHA256,
                "endpoints": {
                    "assertion_consumer_service": [(f"{HERE}/acs", BINDING_HTTP_POST)],
                    "single_logout_service": [(f"{HERE}/slo", BINDING_HTTP_REDIRECT)],
                },
                "authn_requests_signed": True,
                "logout_requests_signed": True,
                "want_response_signed": True,
                "want_assertions_signed": True,
                "allow_unsolicited": False,
                "name_id_policy_format": NAMEID_FORMAT_PERSISTENT,
            }
        },
    }
)
CLIENT = Saml2Client(CONFIG)
ASKED, SESSIONS = {}, {}


def page(text):
    return "200 OK", [("Content-Type", "text/html; charset=utf-8")], f"<!doctype html><title>library</title>{text}"


def to(url, *headers):
    return "303 See Other", [("Location", url), *headers], ""


def location(info):
    return dict(info["headers"])["Location"]


def answer(path, form, cookie):
    name = SESSIONS.get(cookie)
    if path == "/login":
        id, info = CLIENT.prepare_for_authenticate(IDP, binding=BINDING_HTTP_REDIRECT)
        ASKED[id] = "/"
        return to(location(info))
    if path == "/acs":
        taken = CLIENT.parse_authn_request_response(form["SAMLResponse"][0], BINDING_HTTP_POST, ASKED)
        cookie = secrets.token_hex(8)
        SESSIONS[cookie] = taken.name_id
        # Somebody whose name came encrypted is kept for the logout only when it is asked to.
        CLIENT.users.add_information_about_person(taken.session_info())
        return to("/", ("Set-Cookie", f"catalogue={cookie}; Path=/"))
    if path == "/logout" and name:
        SESSIONS.pop(cookie)
        (_, (_, info)), = CLIENT.do_logout(name, [IDP], None, None, expected_binding=BINDING_HTTP_REDIRECT).items()
        return to(location(info))
    if path == "/slo":
        return page("<p id=out>out of the catalogue</p>")
    if name:
        return page(f"<p>in as <code id=name>{name.text}</code> <a id=out href=/logout>leave</a></p>")
    return page("<p><a id=in href=/login>sign in</a></p>")


def application(environ, start):
    size = int(environ.get("CONTENT_LENGTH") or 0)
    form = parse_qs(environ["wsgi.input"].read(size).decode())
    cookie = environ.get("HTTP_COOKIE", "").partition("catalogue=")[2].partition(";")[0]
    try:
        status, headers, body = answer(environ["PATH_INFO"], form, cookie)
    except Exception as error:  # its errors have no common root
        status, headers, body = page(f"<p id=error>{error.__class__.__name__}: {error}</p>")
    start(status, headers)
    return [body.encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


with open(os.path.join(FOLDER, "library.xml"), "w", encoding="utf-8") as file:
    file.write(str(entity_descriptor(CONFIG)))
with make_server("localhost", int(PORT), application, handler_class=Quiet) as server:
    print("listening", flush=True)
    server.serve_forever()
