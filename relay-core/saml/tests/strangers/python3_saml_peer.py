#!/usr/bin/python3
"""python3-saml (OneLogin) as a service, told what to do a line at a time; see lasso_peer.py."""

import json
import sys

from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings


class Party:
    def begin(self, id, consumer, logout, key, certificate, other):
        own = {
            "strict": True,
            "sp": {
                "entityId": id,
                "assertionConsumerService": {"url": consumer},
                "singleLogoutService": {"url": logout},
                "x509cert": certificate,
                "privateKey": key,
            },
            "security": {
                "wantMessagesSigned": True,
                "wantAssertionsSigned": True,
                "wantNameIdEncrypted": True,
                # Nothing but the name is said of a person; left on, it refuses such an answer.
                "wantAttributeStatement": False,
            },
        }
        parsed = OneLogin_Saml2_IdPMetadataParser.parse(other)
        self.settings = OneLogin_Saml2_Settings(OneLogin_Saml2_IdPMetadataParser.merge_settings(own, parsed))

    def response(self, body, request):
        taken = OneLogin_Saml2_Response(self.settings, body)
        page = {"https": "on", "http_host": "clinic.example", "script_name": "/saml/acs", "get_data": {}}
        if not taken.is_valid(page, request):
            return {"error": taken.get_error()}
        return {"name": taken.get_nameid(), "session_index": taken.get_session_index()}

    def told_to_leave(self, message):
        """The name in a LogoutRequest, base64 of deflated XML."""
        xml = OneLogin_Saml2_Logout_Request(self.settings, message).get_xml()
        return {"name": OneLogin_Saml2_Logout_Request.get_nameid(xml, self.settings.get_sp_key())}


def main():
    party = Party()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(party, order.pop("do"))(**order) or {}
        except Exception as error:  # its errors have no common root
            answer = {"error": f"{error.__class__.__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
