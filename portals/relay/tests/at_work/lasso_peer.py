#!/usr/bin/python3
"""Lasso at work, on the other side of the relay: a service, another consortium's identity provider, or a client
without cookies. Service and provider are web servers on this machine that end with their standard input.

  lasso_peer.py service FOLDER PORT     sp.xml, sp.key, sp.pem, idp.xml and web.pem lie in the folder
  lasso_peer.py provider FOLDER PORT    idp.xml, idp.key, idp.pem and sp.xml lie in the folder
  lasso_peer.py client FOLDER URL       goes to the service's URL with card.pem; prints what it was shown
"""

import html
import os
import secrets
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import lasso

PAOS = "application/vnd.paos+xml"


class Party:
    """One side as Lasso holds it: own metadata and keys, the other side's metadata."""

    def __init__(self, folder, own, other, role):
        read = lambda name: (folder / name).read_text()
        self.server = lasso.Server.newFromBuffers(
            read(f"{own}.xml"), read(f"{own}.key"), None, read(f"{own}.pem")
        )
        self.server.setEncryptionPrivateKey(read(f"{own}.key"))
        self.server.signatureMethod = lasso.SIGNATURE_METHOD_RSA_SHA256
        self.server.addProviderFromBuffer(role, read(f"{other}.xml"), None, None)
        self.other = list(self.server.providers.keys())[0]


class Service(Party):
    """A page that needs a sign-in, under /secret/."""

    def __init__(self, folder):
        super().__init__(folder, "sp", "idp", lasso.PROVIDER_ROLE_IDP)
        # Whom it means when it logs out is for the blind half alone to read.
        provider = self.server.getProvider(self.other)
        provider.setEncryptionMode(lasso.ENCRYPTION_MODE_NAMEID)
        provider.setEncryptionSymKeyType(lasso.ENCRYPTION_SYM_KEY_TYPE_AES_128)
        self.trusts = ssl.create_default_context(cafile=folder / "web.pem")
        self.visitors = {}  # cookie -> who is signed in
        self.policy = os.environ.get("NAME_ID_FORMAT", lasso.SAML2_NAME_IDENTIFIER_FORMAT_PERSISTENT)

    def ask(self, method):
        login = lasso.Login(self.server)
        login.initAuthnRequest(self.other, method)
        login.request.nameIdPolicy.format = self.policy
        login.request.nameIdPolicy.allowCreate = True
        login.buildAuthnRequestMsg()
        return login

    def signed_in(self, login):
        login.acceptSso()
        cookie = secrets.token_urlsafe(16)
        statement = login.assertion.authnStatement[0]
        self.visitors[cookie] = {
            "session": login.session.dump(),
            "identity": login.identity.dump(),
            "name": login.nameIdentifier.content,
            "index": statement.sessionIndex,
            "context": statement.authnContext.authnContextClassRef,
        }
        return cookie

    def logout_of(self, cookie):
        logout = lasso.Logout(self.server)
        logout.setSessionFromDump(self.visitors[cookie]["session"])
        logout.setIdentityFromDump(self.visitors[cookie]["identity"])
        return logout

    def told(self, message):
        """The relay says that a session is over."""
        logout = lasso.Logout(self.server)
        logout.processRequestMsg(message)
        wanted = (logout.nameIdentifier.content, logout.request.sessionIndex)
        for cookie, visitor in list(self.visitors.items()):
            if (visitor["name"], visitor["index"]) == wanted:
                logout.setSessionFromDump(visitor["session"])
                logout.setIdentityFromDump(visitor["identity"])
                del self.visitors[cookie]
        logout.validateRequest()
        logout.buildResponseMsg()
        return logout

    def get(self, page, path, query):
        cookie = page.cookie()
        visitor = self.visitors.get(cookie)
        if path == "/secret/" and visitor:
            page.answer(200, "inside", [("X-Name", visitor["name"]), ("X-Context", visitor["context"])])
        elif path == "/secret/" and PAOS in page.headers.get("Accept", ""):
            page.answer(200, self.ask(lasso.HTTP_METHOD_PAOS).msgBody, [("Content-Type", PAOS)])
        elif path == "/secret/":
            page.go(self.ask(lasso.HTTP_METHOD_REDIRECT).msgUrl)
        elif path == "/leave/soap" and visitor:
            logout = self.logout_of(cookie)
            logout.initRequest(self.other, lasso.HTTP_METHOD_SOAP)
            logout.buildRequestMsg()
            asked = urllib.request.Request(
                logout.msgUrl, logout.msgBody.encode(), {"Content-Type": "text/xml; charset=utf-8"}
            )
            try:
                with urllib.request.urlopen(asked, context=self.trusts) as answer:
                    logout.processResponseMsg(answer.read().decode())
            except urllib.error.HTTPError as refused:
                page.answer(502, refused.read().decode())
                return
            del self.visitors[cookie]
            page.answer(200, "left")
        elif path == "/leave/redirect" and visitor:
            logout = self.logout_of(cookie)
            logout.initRequest(self.other, lasso.HTTP_METHOD_REDIRECT)
            logout.buildRequestMsg()
            visitor["leaving"] = logout.dump()
            page.go(logout.msgUrl)
        elif path == "/slo" and "SAMLRequest=" in query:
            page.go(self.told(query).msgUrl)
        elif path == "/slo" and visitor:
            logout = lasso.Logout.newFromDump(self.server, visitor["leaving"])
            logout.processResponseMsg(query)
            del self.visitors[cookie]
            page.answer(200, "left")
        else:
            page.answer(404, "nothing here")

    def post(self, page, path, body, form):
        if path == "/acs":
            login = lasso.Login(self.server)
            login.processAuthnResponseMsg(form["SAMLResponse"])
            cookie = self.signed_in(login)
            page.go("/secret/", [("Set-Cookie", f"visitor={cookie}; Path=/; HttpOnly")])
        elif path == "/paos":
            login = lasso.Login(self.server)
            login.processPaosResponseMsg(body)
            visitor = self.visitors[self.signed_in(login)]
            page.answer(200, "inside", [("X-Name", visitor["name"]), ("X-Context", visitor["context"])])
        elif path == "/slo/soap":
            page.answer(200, self.told(body).msgBody, [("Content-Type", "text/xml; charset=utf-8")])
        else:
            page.answer(404, "nothing here")


class Provider(Party):
    """Knows one person, and signs them in without asking."""

    def __init__(self, folder):
        super().__init__(folder, "idp", "sp", lasso.PROVIDER_ROLE_SP)

    def get(self, page, path, query):
        if path != "/sso":
            page.answer(404, "nothing here")
            return
        login = lasso.Login(self.server)
        login.processAuthnRequestMsg(query)
        login.validateRequestMsg(True, True)
        instant = lambda at: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        now = time.time()
        login.buildAssertion(
            lasso.SAML2_AUTHN_CONTEXT_SMARTCARD_PKI, instant(now), instant(now), instant(now), instant(now + 300)
        )
        login.buildAuthnResponseMsg()
        fields = {"SAMLResponse": login.msgBody, "RelayState": login.msgRelayState or ""}
        inputs = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in fields.items()
        )
        page.answer(200, f'<form method="post" action="{html.escape(login.msgUrl)}">{inputs}</form>')


class Client(Party):
    """A device without cookies that holds a card: it carries the service's request to the relay and the answer back."""

    def __init__(self, folder):
        super().__init__(folder, "sp", "idp", lasso.PROVIDER_ROLE_IDP)
        self.tls = ssl.create_default_context(cafile=folder / "web.pem")
        self.tls.load_cert_chain(folder / "card.pem")

    def carry(self, url):
        headers = {"Accept": f"text/html, {PAOS}", "PAOS": "ver='urn:liberty:paos:2003-08';'urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp'"}
        with urllib.request.urlopen(urllib.request.Request(url, None, headers)) as asked:
            ecp = lasso.Ecp(self.server)
            ecp.processAuthnRequestMsg(asked.read().decode())
        posted = urllib.request.Request(ecp.msgUrl, ecp.msgBody.encode(), {"Content-Type": "text/xml"})
        with urllib.request.urlopen(posted, context=self.tls) as answered:
            ecp.processResponseMsg(answered.read().decode())
        back = urllib.request.Request(ecp.msgUrl, ecp.msgBody.encode(), {"Content-Type": PAOS})
        with urllib.request.urlopen(back) as shown:
            print(shown.headers["X-Name"], shown.headers["X-Context"])


class Page(BaseHTTPRequestHandler):
    party = None

    def cookie(self):
        _, _, value = self.headers.get("Cookie", "").partition("visitor=")
        return value.partition(";")[0]

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def go(self, url, headers=()):
        self.answer(303, "", [("Location", url), *headers])

    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.guarded(lambda: self.party.get(self, path, query))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(body)) if "urlencoded" in self.headers.get("Content-Type", "") else {}
        self.guarded(lambda: self.party.post(self, self.path, body, form))

    def guarded(self, act):
        try:
            act()
        except lasso.Error as error:
            self.answer(500, f"{error.__class__.__name__}: {error}")

    def log_message(self, words, *values):
        print(words % values, file=sys.stderr, flush=True)


def main():
    role, folder, where = sys.argv[1:]
    folder = Path(folder)
    if role == "client":
        Client(folder).carry(where)
        return
    Page.party = {"service": Service, "provider": Provider}[role](folder)
    server = HTTPServer(("127.0.0.1", int(where)), Page)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print("listening", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
