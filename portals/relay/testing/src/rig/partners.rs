//! Partners of a relay under test: proposed, approved, pinned, tried.

use std::fs;

use relay_records::front::{LogoutTrial, PartnerKind, Proposal, SignInTrial};
use time::OffsetDateTime;

use super::{Relay, TestService, programs::blind_command, text};

impl Relay {
    /// Makes `service` a partner in service: pinned at the blind half by its two operators, registered at the front by
    /// two others, tried.
    pub async fn join(&mut self, service: &TestService) {
        self.join_metadata(service.entity(), &service.metadata(), &service.encryption_pem())
            .await;
    }

    /// The same for a service of any make, from its metadata and its certificate for encryption (PEM).
    pub async fn join_metadata(&mut self, entity: &str, metadata: &str, certificate: &str) {
        self.pin(entity, metadata, certificate);
        self.propose_and_approve(entity, metadata).await;
        let now = OffsetDateTime::now_utc();
        let done = "two operators can do this";
        self.records
            .tried_sign_in("hama", entity, SignInTrial::Named, now)
            .await
            .expect(done);
        self.records
            .tried_logout(entity, LogoutTrial::Sealed, now)
            .await
            .expect(done);
        self.records.switch_on("hama", entity, now).await.expect(done);
    }

    /// Two operators register metadata; a new partner is on trial then.
    pub async fn propose_and_approve(&self, entity: &str, metadata: &str) {
        self.propose_and_approve_as(PartnerKind::Service, entity, metadata)
            .await;
    }

    /// The same for either kind of partner.
    pub async fn propose_and_approve_as(&self, kind: PartnerKind, entity: &str, metadata: &str) {
        let now = OffsetDateTime::now_utc();
        let sha256 = relay_saml::fingerprint(metadata.as_bytes());
        let proposal = Proposal {
            entity_id: entity,
            kind,
            metadata,
            sha256,
            valid_until: None,
        };
        let done = "two operators can do this";
        let edition = self.records.propose("hama", &proposal, now).await.expect(done);
        self.records
            .approve("iso", entity, (edition, &sha256), &|_, _| true, now)
            .await
            .expect(done);
    }

    /// Pins a service at the blind half from its metadata and its certificate for encryption (PEM), whose fingerprint its
    /// operators tell by telephone; the half is started anew to read it.
    pub fn pin(&mut self, entity: &str, metadata: &str, certificate: &str) {
        self.pin_taking(entity, metadata, certificate, &[]);
    }

    /// The same as pins were before the blind half knew services' keys for signing.
    pub fn pin_without_signing(&mut self, entity: &str, metadata: &str, certificate: &str) {
        self.pin_told(entity, metadata, certificate, false, &[]);
    }

    /// The same with what is taken from the service beyond the profile. Its keys for signing are told by telephone too.
    pub fn pin_taking(&mut self, entity: &str, metadata: &str, certificate: &str, exceptions: &[&str]) {
        self.pin_told(entity, metadata, certificate, true, exceptions);
    }

    fn pin_told(&mut self, entity: &str, metadata: &str, certificate: &str, signing: bool, exceptions: &[&str]) {
        use rustls::pki_types::{CertificateDer, pem::PemObject as _};
        let folder = self.path().to_owned();
        let file = folder.join("pinned.xml");
        fs::write(&file, metadata).expect("metadata are written");
        let config = folder.join("blind.toml");
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate in PEM");
        let fingerprint = hex::encode(relay_saml::fingerprint(&certificate));
        let read = ["--config", text(&config), "--metadata", text(&file), "--entity", entity];
        let shown = blind_command(&[&["pin", "show"], &read[..]].concat());
        let offered = shown.lines().filter_map(|line| line.strip_prefix("for signing: "));
        let told = offered.filter(|_| signing);
        let signing: Vec<_> = told.flat_map(|hash| ["--signing", hash]).collect();
        let told = [&["--fingerprint", fingerprint.as_str()], &signing[..]].concat();
        let taken: Vec<_> = exceptions.iter().flat_map(|exception| ["--take", exception]).collect();
        let name = hex::encode(&relay_saml::fingerprint(entity.as_bytes())[..8]);
        let named = ["--name", name.as_str()];
        let proposed = blind_command(&[&["pin", "propose"], &read[..], &told[..], &taken[..], &named[..]].concat());
        let name = proposed.split(':').next().unwrap_or_default().to_owned();
        for operator in ["kai", "nagi"] {
            let key = folder.join("operators").join(operator);
            let signed = ["--config", text(&config), "--name", &name, "--key", text(&key)];
            blind_command(&[&["pin", "approve"], &signed[..], &told[..]].concat());
        }
        self.stop_blind();
        self.start_blind();
    }
}
