//! Apache with the Shibboleth service provider: the implementation most federations run, live. It names people encrypted
//! when it logs out, so single logout is whole in both directions.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use relay_records::front::{LogoutTrial, PartnerState, SignInTrial};
use relay_saml::names::Binding;
use relay_testing::{Browser, Relay, rig::ENTITY as RELAY};
use time::OffsetDateTime;

use crate::apache::{Apache, Site};

const ENTITY: &str = "https://shibboleth.example/saml";

/// Shibboleth's own process; it ends with this value.
struct Shibd(Child);

impl Shibd {
    async fn start(site: &Site) -> Self {
        let folder = site.path().display();
        for (name, content) in [
            ("shibboleth2.xml", configuration(site)),
            ("map.xml", MAP.to_owned()),
            (
                "shibd.logger",
                format!(
                    "log4j.rootCategory=INFO, file\nlog4j.appender.file=org.apache.log4j.FileAppender\n\
                     log4j.appender.file.fileName={folder}/shibd.log\n\
                     log4j.appender.file.layout=org.apache.log4j.BasicLayout\n"
                ),
            ),
        ] {
            fs::write(site.file(name), content).unwrap();
        }
        let child = Command::new("/usr/sbin/shibd")
            .args(["-F", "-f", "-w", "30", "-p"])
            .arg(site.file("shibd.pid"))
            .arg("-c")
            .arg(site.file("shibboleth2.xml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(site.file("shibd-errors.log")).unwrap())
            .spawn()
            .expect("libapache2-mod-shib is installed");
        let shibd = Self(child);
        for _ in 0..300 {
            if site.file("shibd.sock").exists() {
                return shibd;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("shibd did not start: {}", site.log());
    }
}

impl Drop for Shibd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The NameID's value alone, as `name`.
const MAP: &str = r#"<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Attribute name="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" id="name">
    <AttributeDecoder xsi:type="NameIDAttributeDecoder" formatter="$Name"/>
  </Attribute>
</Attributes>"#;

fn configuration(site: &Site) -> String {
    let folder = site.path().display();
    format!(
        r#"<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="60">
  <OutOfProcess logger="{folder}/shibd.logger"/>
  <InProcess logger="{folder}/shibd.logger"/>
  <UnixListener address="{folder}/shibd.sock"/>
  <ApplicationDefaults entityID="{ENTITY}" REMOTE_USER="name" signing="true" encryption="true"
      signingAlg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" digestAlg="http://www.w3.org/2001/04/xmlenc#sha256">
    <Sessions lifetime="3600" timeout="3600" relayState="ss:mem" checkAddress="false" handlerSSL="false" cookieProps="http">
      <SSO entityID="{RELAY}">SAML2</SSO>
      <Logout>SAML2 Local</Logout>
    </Sessions>
    <Errors supportContact="root@localhost"/>
    <MetadataProvider type="XML" validate="false" path="{folder}/idp.xml"/>
    <AttributeExtractor type="XML" validate="false" reloadChanges="false" path="{folder}/map.xml"/>
    <CredentialResolver type="File" key="{folder}/sp.key" certificate="{folder}/sp.pem"/>
  </ApplicationDefaults>
  <SecurityPolicyProvider type="XML" validate="false" path="/etc/shibboleth/security-policy.xml"/>
  <ProtocolProvider type="XML" validate="false" reloadChanges="false" path="/etc/shibboleth/protocols.xml"/>
</SPConfig>"#
    )
}

fn lines(site: &Site) -> String {
    let folder = site.path().display();
    format!(
        "ShibConfig {folder}/shibboleth2.xml\n\
         <Location /Shibboleth.sso>\n  SetHandler shib\n  Require all granted\n</Location>\n\
         <Location /secret>\n  AuthType shibboleth\n  ShibRequestSetting requireSession 1\n  Require shib-session\n\
         \x20 Header always set X-Name \"%{{name}}e\"\n</Location>\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn apache_with_shibboleth_logs_residents_in_and_out_in_both_directions() {
    let mut relay = Relay::start().await;
    let logout = [
        (Binding::Soap, "/Shibboleth.sso/SLO/SOAP"),
        (Binding::Redirect, "/Shibboleth.sso/SLO/Redirect"),
    ];
    let site = Site::lay_out(
        &relay,
        ENTITY,
        &[(Binding::Post, "/Shibboleth.sso/SAML2/POST")],
        &logout,
    )
    .await;
    let _shibd = Shibd::start(&site).await;
    let _apache = Apache::start(&site, &[("mod_shib", "mod_shib")], &lines(&site)).await;
    relay.pin(ENTITY, &site.metadata, &site.certificate);
    relay.propose_and_approve(ENTITY, &site.metadata).await;
    let now = OffsetDateTime::now_utc();
    let records = relay.records.clone();
    records
        .tried_sign_in("hama", ENTITY, SignInTrial::Named, now)
        .await
        .unwrap();
    records.tried_logout(ENTITY, LogoutTrial::Sealed, now).await.unwrap();
    records.switch_on("iso", ENTITY, now).await.unwrap();
    let partner = records.partner(ENTITY).await.unwrap().unwrap().partner;
    assert_eq!(partner.state, PartnerState::On);

    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let name = site.log_in(&relay, &browser).await;
    assert_eq!(name.len(), 43, "{name}");

    // The person signs out at the relay, which tells Shibboleth from server to server.
    let said = browser.sign_out(&relay).await;
    assert!(
        said.body.contains("すべてのサービスで終わりました"),
        "{:?}\n{}",
        records.audit_since(now, 10).await.unwrap(),
        site.log()
    );
    assert_eq!(browser.get(&site.at("/secret/")).await.status, 302);

    // Signed in again, under the same name; Shibboleth asks the relay to end it, the name encrypted.
    assert_eq!(site.log_in(&relay, &browser).await, name);
    let leaving = site.at("/Shibboleth.sso/Logout");
    let first = browser.get(&leaving).await;
    let (_, left) = browser.follow(&leaving, first).await;
    assert_eq!(left.status, 200, "{}\n{}", left.body, site.log());
    assert_eq!(browser.cookie("__Host-session"), None);
    assert_eq!(browser.get(&site.at("/secret/")).await.status, 302);
}
