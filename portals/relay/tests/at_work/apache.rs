//! An Apache of the test's own: services of other makes run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use portal_testing::KeptPort;
use relay_core::chance::OsChance;
use relay_saml::{
    message::{Endpoint, Entity, EntityId, IndexedEndpoint, KeyDescriptor, KeyUse, MessageId, Role, SpRole},
    names::{Binding, NameIdFormat},
    signing::SigningKey,
};
use relay_testing::{Browser, Relay, rig::self_signed};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

/// A folder with two pages, one of them for residents who signed in, and with what a service needs: its keys, its
/// metadata and the relay's.
pub struct Site {
    folder: tempfile::TempDir,
    pub port: u16,
    pub metadata: String,
    pub certificate: String,
    _kept: KeptPort,
}

impl Site {
    /// The site of the service `entity`, whose endpoints `endpoints` gives: where Responses go, where logout messages.
    pub async fn lay_out(
        relay: &Relay,
        entity: &str,
        consumers: &[(Binding, &str)],
        logout: &[(Binding, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptPort::take();
        let port = kept.number();
        let (certificate, key) = self_signed(&rcgen::PKCS_RSA_SHA256);
        let site = Self {
            metadata: metadata(entity, &certificate, &key, port, consumers, logout),
            folder,
            port,
            certificate,
            _kept: kept,
        };
        fs::create_dir_all(site.file("pages/secret")).unwrap();
        for (name, content) in [
            ("sp.xml", site.metadata.as_str()),
            ("sp.pem", &site.certificate),
            ("sp.key", &key),
            ("idp.xml", &relay.metadata().await),
            ("pages/index.html", "outside"),
            ("pages/secret/index.html", "inside"),
        ] {
            fs::write(site.file(name), content).unwrap();
        }
        site
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What Apache and the others in the folder logged.
    pub fn log(&self) -> String {
        let logs = fs::read_dir(self.path()).unwrap().flatten();
        logs.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "log"))
            .map(|entry| fs::read_to_string(entry.path()).unwrap_or_default())
            .collect()
    }

    /// From the secret page to the secret page, by way of the card; the name the service saw.
    pub async fn log_in(&self, relay: &Relay, browser: &Browser) -> String {
        let secret = self.at("/secret/");
        let first = browser.get(&secret).await;
        let (_, page) = browser.follow(&secret, first).await;
        let answer = match page.link("/card/", relay) {
            Some(card) => browser.get(&card).await,
            None => page,
        };
        assert!(
            answer.fields().contains_key("SAMLResponse"),
            "{}\n{}",
            answer.body,
            self.log()
        );
        let action = answer.action().unwrap();
        let posted = browser.press(&answer).await;
        let (here, inside) = browser.follow(&action, posted).await;
        assert_eq!(here, secret, "{}\n{}", inside.body, self.log());
        assert_eq!((inside.status, inside.body.as_str()), (200, "inside"), "{}", self.log());
        inside.headers["x-name"].clone()
    }
}

/// A running Apache; it ends with this value.
pub struct Apache(Child);

impl Apache {
    /// Serves `site` with these modules beside the usual ones and these lines of configuration.
    pub async fn start(site: &Site, modules: &[(&str, &str)], lines: &str) -> Self {
        let usual = [
            ("mpm_event_module", "mod_mpm_event"),
            ("authn_core_module", "mod_authn_core"),
            ("authz_core_module", "mod_authz_core"),
            ("authz_user_module", "mod_authz_user"),
            ("dir_module", "mod_dir"),
            ("mime_module", "mod_mime"),
            ("headers_module", "mod_headers"),
        ];
        let modules: String = usual
            .iter()
            .chain(modules)
            .map(|(name, file)| format!("LoadModule {name} /usr/lib/apache2/modules/{file}.so\n"))
            .collect();
        // Apache's children are not root; what they write lies in the test's own folder.
        let root = fs::metadata("/proc/self").is_ok_and(|this| std::os::unix::fs::MetadataExt::uid(&this) == 0);
        let user = if root { "User www-data\nGroup www-data\n" } else { "" };
        let (folder, port) = (site.path().display(), site.port);
        let configuration = format!(
            "{modules}{user}ServerRoot {folder}\nServerName http://127.0.0.1:{port}\nUseCanonicalName On\n\
             Listen 127.0.0.1:{port}\nPidFile {folder}/pid\nErrorLog {folder}/error.log\nLogLevel info\n\
             Mutex file:{folder} default\nDocumentRoot {folder}/pages\nTypesConfig /dev/null\n\
             DirectoryIndex index.html\n{lines}"
        );
        fs::write(site.file("apache.conf"), configuration).unwrap();
        open_to_all(site.path());
        let child = Command::new("/usr/sbin/apache2")
            .args(["-X", "-f"])
            .arg(site.file("apache.conf"))
            .stdin(Stdio::null())
            .spawn()
            .expect("apache2 is installed");
        let apache = Self(child);
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return apache;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Apache did not start: {}", site.log());
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn metadata(
    entity: &str,
    certificate: &str,
    key: &str,
    port: u16,
    consumers: &[(Binding, &str)],
    logout: &[(Binding, &str)],
) -> String {
    let signing = SigningKey::from_pem(key, certificate).unwrap();
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let encryption = KeyDescriptor {
        usage: KeyUse::Encryption,
        certificate: certificate.to_vec(),
        methods: Vec::new(),
    };
    let entity = Entity {
        id: EntityId::parse(entity).unwrap(),
        valid_until: None,
        cache_for: None,
        idp: None,
        sp: Some(SpRole {
            role: Role {
                keys: vec![signing.descriptor(), encryption],
                single_logout: logout
                    .iter()
                    .map(|(binding, path)| Endpoint {
                        binding: *binding,
                        location: at(path),
                        response_location: None,
                    })
                    .collect(),
                name_id_formats: vec![NameIdFormat::Persistent],
                ..Role::default()
            },
            signs_requests: true,
            wants_signed_assertions: true,
            consumers: (1..)
                .zip(consumers)
                .map(|(index, (binding, path))| IndexedEndpoint {
                    index,
                    is_default: Some(index == 1),
                    binding: Some(*binding),
                    location: at(path),
                })
                .collect(),
            discovery_responses: Vec::new(),
        }),
        organisation: vec![("ja".to_owned(), "隣町の図書館".to_owned())],
        contacts: Vec::new(),
    };
    entity
        .sign_metadata(&MessageId::fresh(&mut OsChance), &signing)
        .unwrap()
}

/// Apache's children read as another user.
pub fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mut waiting: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let folder = path.is_dir();
        // What is no file and no folder (a socket) keeps its own mode.
        if folder || path.is_file() {
            let mode = if folder { 0o777 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        if folder {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}
