//! Apache with mod_auth_mellon as a service: a stranger's implementation (Lasso) on the other side, live.

use std::{
    fs,
    io::Read as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use relay::testing::{Browser, Relay, rig::self_signed};
use relay_core::{
    chance::OsChance,
    saml::{
        message::{Endpoint, Entity, EntityId, IndexedEndpoint, KeyDescriptor, KeyUse, MessageId, Role, SpRole},
        names::{Binding, NameIdFormat},
        signing::SigningKey,
    },
};
use relay_records::front::{LogoutTrial, SignInTrial};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use time::OffsetDateTime;

const ENTITY: &str = "https://mellon.example/saml";

/// A running Apache; it ends with this value.
struct Apache {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
    metadata: String,
    certificate: String,
}

impl Apache {
    async fn start(relay: &Relay) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let (certificate, key) = self_signed(&rcgen::PKCS_RSA_SHA256);
        let metadata = metadata(&certificate, &key, port);
        let file = |name: &str| folder.path().join(name);
        for (name, content) in [
            ("sp.xml", metadata.as_str()),
            ("sp.pem", &certificate),
            ("sp.key", &key),
            ("idp.xml", &relay.metadata().await),
        ] {
            fs::write(file(name), content).unwrap();
        }
        fs::create_dir(file("pages")).unwrap();
        fs::create_dir(file("pages/secret")).unwrap();
        fs::write(file("pages/index.html"), "outside").unwrap();
        fs::write(file("pages/secret/index.html"), "inside").unwrap();
        fs::write(file("apache.conf"), configuration(folder.path(), port)).unwrap();
        open_to_all(folder.path());
        let child = Command::new("/usr/sbin/apache2")
            .args(["-X", "-f"])
            .arg(file("apache.conf"))
            .stdin(Stdio::null())
            .spawn()
            .expect("apache2 is installed");
        let apache = Self {
            child,
            folder,
            port,
            metadata,
            certificate,
        };
        apache.wait().await;
        apache
    }

    async fn wait(&self) {
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Apache did not start: {}", self.log());
    }

    fn log(&self) -> String {
        let mut text = String::new();
        if let Ok(mut log) = fs::File::open(self.folder.path().join("error.log")) {
            let _ = log.read_to_string(&mut text);
        }
        text
    }

    fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn metadata(certificate: &str, key: &str, port: u16) -> String {
    let signing = SigningKey::from_pem(key, certificate).unwrap();
    let at = |path: &str| format!("http://127.0.0.1:{port}/mellon/{path}");
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let entity = Entity {
        id: EntityId::parse(ENTITY).unwrap(),
        valid_until: None,
        cache_for: None,
        idp: None,
        sp: Some(SpRole {
            role: Role {
                keys: vec![
                    signing.descriptor(),
                    KeyDescriptor {
                        usage: KeyUse::Encryption,
                        certificate: certificate.to_vec(),
                        methods: Vec::new(),
                    },
                ],
                single_logout: vec![Endpoint {
                    binding: Binding::Redirect,
                    location: at("logout"),
                    response_location: None,
                }],
                name_id_formats: vec![NameIdFormat::Persistent],
                ..Role::default()
            },
            signs_requests: true,
            wants_signed_assertions: true,
            consumers: vec![IndexedEndpoint {
                index: 0,
                is_default: Some(true),
                binding: Some(Binding::Post),
                location: at("postResponse"),
            }],
            discovery_responses: Vec::new(),
        }),
        organisation: vec![("ja".to_owned(), "隣町の図書館".to_owned())],
        contacts: Vec::new(),
    };
    entity
        .sign_metadata(&MessageId::fresh(&mut OsChance), &signing)
        .unwrap()
}

fn configuration(folder: &Path, port: u16) -> String {
    let modules = [
        ("mpm_event_module", "mod_mpm_event"),
        ("authn_core_module", "mod_authn_core"),
        ("authz_core_module", "mod_authz_core"),
        ("authz_user_module", "mod_authz_user"),
        ("dir_module", "mod_dir"),
        ("mime_module", "mod_mime"),
        ("headers_module", "mod_headers"),
        ("auth_mellon_module", "mod_auth_mellon"),
    ]
    .map(|(name, file)| format!("LoadModule {name} /usr/lib/apache2/modules/{file}.so\n"))
    .concat();
    // Apache's children are not root; what they write lies in the test's own folder.
    let user = match fs::metadata("/proc/self").map(|this| std::os::unix::fs::MetadataExt::uid(&this)) {
        Ok(0) => "User www-data\nGroup www-data\n",
        _ => "",
    };
    let folder = folder.display();
    format!(
        "{modules}{user}ServerRoot {folder}\nServerName 127.0.0.1\nListen 127.0.0.1:{port}\nPidFile {folder}/pid\n\
         ErrorLog {folder}/error.log\nLogLevel info\nMutex file:{folder} default\nDocumentRoot {folder}/pages\n\
         TypesConfig /dev/null\nDirectoryIndex index.html\n\
         <Location />\n  MellonEnable info\n  MellonEndpointPath /mellon\n  MellonSecureCookie Off\n\
         \x20 MellonSPMetadataFile {folder}/sp.xml\n  MellonSPPrivateKeyFile {folder}/sp.key\n\
         \x20 MellonSPCertFile {folder}/sp.pem\n  MellonIdPMetadataFile {folder}/idp.xml\n\
         \x20 MellonSignatureMethod rsa-sha256\n  MellonRedirectDomains *\n</Location>\n\
         <Location /secret>\n  AuthType Mellon\n  MellonEnable auth\n  Require valid-user\n\
         \x20 Header always set X-Name \"%{{MELLON_NAME_ID}}e\"\n</Location>\n"
    )
}

/// Apache's children read as another user.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mut waiting: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let mode = if path.is_dir() { 0o777 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

/// From the secret page to the secret page, by way of the card; the name Apache saw.
async fn log_in(relay: &Relay, apache: &Apache, browser: &Browser) -> String {
    let secret = apache.at("/secret/");
    let first = browser.get(&secret).await;
    let (_, page) = browser.follow(&secret, first).await;
    let answer = match page.link("/card/", relay) {
        Some(card) => browser.get(&card).await,
        None => page,
    };
    assert!(answer.fields().contains_key("SAMLResponse"), "{}", answer.body);
    let action = answer.action().unwrap();
    let posted = browser.press(&answer).await;
    let (here, inside) = browser.follow(&action, posted).await;
    assert_eq!(here, secret, "{}\n{}", inside.body, apache.log());
    assert_eq!(
        (inside.status, inside.body.as_str()),
        (200, "inside"),
        "{}",
        apache.log()
    );
    inside.headers["x-name"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn apache_with_mellon_logs_residents_in_and_out_and_its_logout_in_clear_is_found_on_trial() {
    let mut relay = Relay::start().await;
    let apache = Apache::start(&relay).await;
    relay.pin(ENTITY, &apache.certificate);
    relay.propose_and_approve(ENTITY, &apache.metadata).await;
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
    let name = log_in(&relay, &apache, &Browser::with_card(&relay, &card)).await;
    assert_eq!(name.len(), 43, "{name}");
    let browser = Browser::with_card(&relay, &card);
    assert_eq!(log_in(&relay, &apache, &browser).await, name);
    let somebody_else = relay.card().await;
    let somebody_else = Browser::with_card(&relay, &somebody_else);
    assert_ne!(log_in(&relay, &apache, &somebody_else).await, name);

    // The person signs out at the relay: Apache is visited, ends its session, and the browser comes back. (Mellon looks
    // a session up by its name alone: of two sessions of one person it would take the older.)
    let out = relay.at("/sign-out");
    let left = somebody_else.post(&out, &[]).await;
    let (_, said) = somebody_else.follow(&out, left).await;
    assert!(
        said.body.contains("すべてのサービスで終わりました"),
        "{}\n{}",
        said.body,
        apache.log()
    );
    assert_eq!(somebody_else.get(&apache.at("/secret/")).await.status, 303);

    // Apache's own LogoutRequest names the person in clear: refused in service, found out on trial.
    let logout = apache.at("/mellon/logout?ReturnTo=/");
    let leaving = browser.get(&logout).await;
    let (_, refused) = browser.follow(&logout, leaving).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("name_in_clear"), "{}", refused.body);
    let partner = records.partner(ENTITY).await.unwrap().unwrap().partner;
    assert_eq!(partner.logout, LogoutTrial::Without);
}
