//! GnuTLS and pkilint beside openssl: what one library forgives another does not.

use certificate_status::ResponderKey;

use super::*;

/// One certificate of each profile by an issuing authority, with a list and the chain, in `folder`.
fn lays_out(folder: &Path) -> Vec<(String, Vec<u8>, AuthorityName)> {
    let mut all = Vec::new();
    for profile in [
        Profile::ResidentAuthentication,
        Profile::ResidentEligibility,
        Profile::StaffAuthentication,
    ] {
        let issued = OFFICE.certificate(profile);
        all.push((profile.as_str().to_owned(), issued.der, profile.issuer()));
    }
    let key = ResponderKey::generate().unwrap();
    let request = ResponderRequest::read(&key.request().unwrap()).unwrap();
    for authority in [&OFFICE.authorities.resident, &OFFICE.authorities.staff] {
        let serial = reserved(CertificateSerial::new(&mut OsChance), OFFICE.now);
        let issued = authority.certify_responder(&request, &serial).unwrap();
        all.push((issued.profile.as_str().to_owned(), issued.der, authority.name()));
        let revoked = Revoked {
            serial: CertificateSerial::new(&mut OsChance),
            at: OFFICE.now,
            reason: RevocationReason::Superseded,
        };
        let list = authority
            .revocation_list([revoked], 5, OFFICE.now, Duration::days(7))
            .unwrap();
        fs::write(folder.join(format!("{}.crl.pem", authority.name())), list.pem).unwrap();
    }
    for name in AuthorityName::ALL {
        all.push((
            name.profile().as_str().to_owned(),
            OFFICE.authorities.trust.certificate(name).to_vec(),
            AuthorityName::Root,
        ));
    }
    for (name, der, _) in &all {
        pem(&folder.join(format!("{name}.pem")), der);
    }
    all
}

fn pem(path: &Path, der: &[u8]) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    let text = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    );
    fs::write(path, text).unwrap();
}

fn says(mut command: Command) -> (bool, String) {
    let ended = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn gnutls_takes_the_chain_of_every_profile_and_every_list() {
    let folder = tempfile::tempdir().unwrap();
    for (name, _, issuer) in lays_out(folder.path()) {
        let chain = folder.path().join("chain.pem");
        let own = fs::read(folder.path().join(format!("{name}.pem"))).unwrap();
        let above: &[AuthorityName] = match (name.as_str(), issuer) {
            ("root", _) => &[],
            (_, AuthorityName::Root) => &[AuthorityName::Root],
            (_, AuthorityName::Resident) => &[AuthorityName::Resident, AuthorityName::Root],
            (_, AuthorityName::Staff) => &[AuthorityName::Staff, AuthorityName::Root],
        };
        let above = above.iter().flat_map(|name| fs::read(OFFICE.pem(*name)).unwrap());
        fs::write(&chain, own.into_iter().chain(above).collect::<Vec<u8>>()).unwrap();
        let mut certtool = Command::new("certtool");
        certtool.args(["--verify-chain", "--infile"]).arg(&chain);
        let (taken, said) = says(certtool);
        assert!(taken && said.contains("Verified"), "{name}: {said}");
    }
    for name in [AuthorityName::Resident, AuthorityName::Staff] {
        let mut certtool = Command::new("certtool");
        certtool
            .arg("--verify-crl")
            .arg("--load-ca-certificate")
            .arg(OFFICE.pem(name));
        certtool
            .arg("--infile")
            .arg(folder.path().join(format!("{name}.crl.pem")));
        let (taken, said) = says(certtool);
        assert!(
            taken && said.contains("Verification output: Verified"),
            "{name}: {said}"
        );
    }
}

/// `MADOGUCHI_PKILINT` names the programs' folder of pkilint (PyPI): `python3 -m venv V && V/bin/pip install pkilint`, then `V/bin`.
#[test]
#[ignore = "needs pkilint from PyPI, which Debian does not have"]
fn pkilint_finds_nothing_in_any_profile_list_or_answer() {
    let programs = PathBuf::from(std::env::var_os("MADOGUCHI_PKILINT").expect("MADOGUCHI_PKILINT is set"));
    let folder = tempfile::tempdir().unwrap();
    let mut found = Vec::new();
    let mut lint = |program: &str, arguments: &[&str], file: &Path| {
        let mut command = Command::new(programs.join(program));
        command.args(["lint", "-s", "WARNING"]).args(arguments).arg(file);
        let (clean, said) = says(command);
        if !clean {
            found.push(format!("{}: {said}", file.display()));
        }
    };
    for (name, _, _) in lays_out(folder.path()) {
        lint("lint_pkix_cert", &[], &folder.path().join(format!("{name}.pem")));
    }
    for name in [AuthorityName::Resident, AuthorityName::Staff] {
        let file = folder.path().join(format!("{name}.crl.pem"));
        lint("lint_crl", &["-t", "CRL", "-p", "PKIX"], &file);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
