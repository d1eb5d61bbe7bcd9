#!/usr/bin/python3
"""Lasso as the other side: a service or an identity provider, told what to do a line at a time.

Each line on standard input is a JSON object {"do": name, ...}; each line on standard output the JSON answer, or
{"error": what Lasso said}. It holds one party and its conversation in memory until its input ends.
"""

import json
import sys
import time

import lasso


class Party:
    def begin(self, role, own, key, certificate, other):
        """Set up: own metadata, private key and certificate (PEM), and the other side's metadata."""
        self.server = lasso.Server.newFromBuffers(own, key, None, certificate)
        self.server.setEncryptionPrivateKey(key)
        self.server.signatureMethod = lasso.SIGNATURE_METHOD_RSA_SHA256
        there = lasso.PROVIDER_ROLE_IDP if role == "sp" else lasso.PROVIDER_ROLE_SP
        self.server.addProviderFromBuffer(there, other, None, None)
        self.other = list(self.server.providers.keys())[0]
        self.login = self.session = self.identity = None

    # As a service

    def request(self, method="redirect"):
        methods = {
            "redirect": lasso.HTTP_METHOD_REDIRECT,
            "post": lasso.HTTP_METHOD_POST,
            "paos": lasso.HTTP_METHOD_PAOS,
        }
        self.login = lasso.Login(self.server)
        self.login.initAuthnRequest(self.other, methods[method])
        self.login.request.nameIdPolicy.format = lasso.SAML2_NAME_IDENTIFIER_FORMAT_PERSISTENT
        self.login.request.nameIdPolicy.allowCreate = True
        self.login.buildAuthnRequestMsg()
        return {"url": self.login.msgUrl, "body": self.login.msgBody, "id": self.login.request.iD}

    def response(self, body, binding="post"):
        """Take a Response: base64 of it, or the PAOS envelope of an enhanced client."""
        login = self.login or lasso.Login(self.server)
        take = login.processPaosResponseMsg if binding == "paos" else login.processAuthnResponseMsg
        take(body)
        login.acceptSso()
        self.session, self.identity = login.session.dump(), login.identity.dump()
        name, assertion = login.nameIdentifier, login.assertion
        statement = assertion.authnStatement[0]
        return {
            "name": name.content,
            "format": name.format,
            "qualifier": name.nameQualifier,
            "sp_qualifier": name.spNameQualifier,
            "session_index": statement.sessionIndex,
            "context": statement.authnContext.authnContextClassRef,
        }

    def artifact(self, query):
        """Take an artifact and say what to ask the other side."""
        self.login = lasso.Login(self.server)
        self.login.initRequest(query, lasso.HTTP_METHOD_ARTIFACT_GET)
        self.login.buildRequestMsg()
        return {"url": self.login.msgUrl, "body": self.login.msgBody}

    def artifact_answer(self, body):
        self.login.processResponseMsg(body)
        self.login.acceptSso()
        return {"name": self.login.nameIdentifier.content}

    def leave(self, method="soap"):
        """The LogoutRequest of this service."""
        methods = {"soap": lasso.HTTP_METHOD_SOAP, "redirect": lasso.HTTP_METHOD_REDIRECT}
        self.logout = lasso.Logout(self.server)
        self.logout.setSessionFromDump(self.session)
        self.logout.setIdentityFromDump(self.identity)
        self.logout.initRequest(self.other, methods[method])
        self.logout.buildRequestMsg()
        return {"url": self.logout.msgUrl, "body": self.logout.msgBody, "id": self.logout.request.iD}

    def left(self, body):
        self.logout.processResponseMsg(body)
        return {"left": True}

    def told_to_leave(self, body):
        """Take the other side's LogoutRequest (SOAP envelope or query), answer it."""
        logout = lasso.Logout(self.server)
        logout.processRequestMsg(body)
        logout.setSessionFromDump(self.session)
        logout.setIdentityFromDump(self.identity)
        logout.validateRequest()
        logout.buildResponseMsg()
        return {"name": logout.nameIdentifier.content, "url": logout.msgUrl, "body": logout.msgBody}

    def renamed(self, body):
        """Take a ManageNameIDRequest, answer it."""
        management = lasso.NameIdManagement(self.server)
        management.setIdentityFromDump(self.identity)
        management.processRequestMsg(body)
        management.validateRequest()
        management.buildResponseMsg()
        return {"name": management.nameIdentifier.content, "body": management.msgBody}

    # As an identity provider

    def asked(self, message):
        """Take an AuthnRequest (query of a redirect, SOAP body of an enhanced client), sign in."""
        login = lasso.Login(self.server)
        login.processAuthnRequestMsg(message)
        login.validateRequestMsg(True, True)
        now = time.gmtime()
        instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", now)
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 300))
        login.buildAssertion(lasso.SAML2_AUTHN_CONTEXT_SMARTCARD_PKI, instant, instant, instant, later)
        if login.msgUrl is None and message.startswith("<"):
            login.buildResponseMsg(None)  # an enhanced client's
        else:
            login.buildAuthnResponseMsg()
        return {
            "issuer": login.remoteProviderId,
            "url": login.msgUrl,
            "body": login.msgBody,
            "relay_state": login.msgRelayState,
        }

    # As an enhanced client

    def carry(self, body):
        """Take a service's PAOS request; say what goes to the identity provider."""
        self.ecp = lasso.Ecp(self.server)
        self.ecp.processAuthnRequestMsg(body)
        return {"body": self.ecp.msgBody}

    def carry_back(self, body):
        self.ecp.processResponseMsg(body)
        return {"body": self.ecp.msgBody, "url": self.ecp.msgUrl}

    # Measures

    def rate(self, request, seconds=3):
        """As an identity provider: AuthnRequests taken and answered per second of this process's time."""
        done, start = 0, time.process_time()
        while time.process_time() - start < seconds:
            self.asked(request)
            done += 1
        return {"rate": done / (time.process_time() - start)}

    def rate_of_taking(self, body, seconds=3):
        """As a service: the same Response taken over and over, per second of this process's time."""
        done, start = 0, time.process_time()
        while time.process_time() - start < seconds:
            login = lasso.Login(self.server)
            login.processAuthnResponseMsg(body)
            login.acceptSso()
            done += 1
        return {"rate": done / (time.process_time() - start)}

    def encrypting(self):
        """From here on the identity provider encrypts each NameID to the service, as it is told to."""
        provider = self.server.getProvider(self.other)
        provider.setEncryptionMode(lasso.ENCRYPTION_MODE_NAMEID)
        provider.setEncryptionSymKeyType(lasso.ENCRYPTION_SYM_KEY_TYPE_AES_128)
        return {}


def main():
    party = Party()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(party, order.pop("do"))(**order) or {}
        except lasso.Error as error:
            answer = {"error": f"{error.__class__.__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
