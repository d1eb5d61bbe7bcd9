//! Apache with mod_auth_mellon as a service: a stranger's implementation (Lasso) on the other side, live.

use relay_records::front::{LogoutTrial, SignInTrial};
use relay_saml::names::Binding;
use relay_testing::{Browser, Relay};
use time::OffsetDateTime;

use crate::apache::{Apache, Site};

const ENTITY: &str = "https://mellon.example/saml";

fn configuration(site: &Site) -> String {
    let folder = site.path().display();
    format!(
        "<Location />\n  MellonEnable info\n  MellonEndpointPath /mellon\n  MellonSecureCookie Off\n\
         \x20 MellonSPMetadataFile {folder}/sp.xml\n  MellonSPPrivateKeyFile {folder}/sp.key\n\
         \x20 MellonSPCertFile {folder}/sp.pem\n  MellonIdPMetadataFile {folder}/idp.xml\n\
         \x20 MellonSignatureMethod rsa-sha256\n  MellonRedirectDomains *\n</Location>\n\
         <Location /secret>\n  AuthType Mellon\n  MellonEnable auth\n  Require valid-user\n\
         \x20 Header always set X-Name \"%{{MELLON_NAME_ID}}e\"\n</Location>\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn apache_with_mellon_logs_residents_in_and_out_and_its_logout_in_clear_is_found_on_trial() {
    let mut relay = Relay::start().await;
    let logout = [(Binding::Redirect, "/mellon/logout")];
    let site = Site::lay_out(&relay, ENTITY, &[(Binding::Post, "/mellon/postResponse")], &logout).await;
    let mellon = [("auth_mellon_module", "mod_auth_mellon")];
    let _apache = Apache::start(&site, &mellon, &configuration(&site)).await;
    relay.pin(ENTITY, &site.metadata, &site.certificate);
    relay.propose_and_approve(ENTITY, &site.metadata).await;
    let now = OffsetDateTime::now_utc();
    let records = relay.records.clone();
    records
        .tried_sign_in("hama", ENTITY, SignInTrial::Named, now)
        .await
        .unwrap();
    // Lasso names people in clear when it logs out: the operators let it in without single logout of its own asking.
    records
        .go_without_logout("hama", ENTITY, "its LogoutRequest is in clear", now)
        .await
        .unwrap();
    records.switch_on("iso", ENTITY, now).await.unwrap();
    let card = relay.card().await;
    let name = site.log_in(&relay, &Browser::with_card(&relay, &card)).await;
    assert_eq!(name.len(), 43, "{name}");
    let browser = Browser::with_card(&relay, &card);
    assert_eq!(site.log_in(&relay, &browser).await, name);
    let somebody_else = relay.card().await;
    let somebody_else = Browser::with_card(&relay, &somebody_else);
    assert_ne!(site.log_in(&relay, &somebody_else).await, name);

    // The person signs out at the relay: Apache is visited, ends its session, and the browser comes back. (Mellon looks
    // a session up by its name alone: of two sessions of one person it would take the older.)
    let out = relay.at("/sign-out");
    let left = somebody_else.sign_out(&relay).await;
    let (_, said) = somebody_else.follow(&out, left).await;
    assert!(
        said.body.contains("すべてのサービスで終わりました"),
        "{}\n{}",
        said.body,
        site.log()
    );
    assert_eq!(somebody_else.get(&site.at("/secret/")).await.status, 303);

    // Apache's own LogoutRequest names the person in clear: refused in service, found out on trial.
    let logout = site.at("/mellon/logout?ReturnTo=/");
    let leaving = browser.get(&logout).await;
    let (_, refused) = browser.follow(&logout, leaving).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(refused.headers["refused-by"], "name_in_clear");
    let partner = records.partner(ENTITY).await.unwrap().unwrap().partner;
    assert_eq!(partner.logout, LogoutTrial::Without);
}
