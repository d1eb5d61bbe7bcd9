//! What the authorities publish: revocation lists, from what the records say is revoked, and their own certificates, as
//! files under the names that stand in every certificate; and beside them what a responder answers from.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use issuance::{
    authority::{
        Authorities, Authority, AuthorityError, AuthorityName, Profile, PublishedList, Register, ReservedSerial,
        ResponderRequest, Revoked, Trust,
    },
    records::CertificateSerial,
};
use office::{Act, Office, OfficeError};
use relay_core::chance::OsChance;
use time::{Duration, OffsetDateTime};

use crate::config::secrets;

/// Why a list was not written.
#[derive(Debug, thiserror::Error)]
pub enum NotListed {
    /// The records did not answer.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The list was not signed.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The file was not written.
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
}

/// A list that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub authority: AuthorityName,
    pub number: u64,
    /// How many certificates are on it.
    pub entries: usize,
    /// Where it is, DER; the same as text lies beside it with the ending `pem`.
    pub file: PathBuf,
}

/// The authorities that sign lists here; the root's is signed when its key is brought (`madoguchi authority root-list`).
const ISSUING: [AuthorityName; 2] = [AuthorityName::Resident, AuthorityName::Staff];

/// How old a register gets before the next one: answers say since when they are known to be right.
const REGISTER_LASTS: Duration = Duration::minutes(10);

/// The list of `authority` in `folder`, as whoever fetches it reads it; why it does not serve otherwise.
///
/// # Errors
/// A sentence.
pub fn published(folder: &Path, authority: AuthorityName, trust: &Trust) -> Result<PublishedList, String> {
    let file = file(folder, authority);
    let der = fs::read(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    PublishedList::read(&der, trust.certificate(authority)).map_err(|why| format!("{}: {why}", file.display()))
}

/// The register of `authority` in `folder`, as a responder reads it; why it does not serve otherwise.
///
/// # Errors
/// A sentence.
pub fn register(folder: &Path, authority: AuthorityName, trust: &Trust) -> Result<Register, String> {
    let file = register_file(folder, authority);
    let bytes = fs::read(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    Register::read(&bytes, authority.as_str(), trust.certificate(authority))
        .map_err(|why| format!("{}: {why}", file.display()))
}

/// Until when the responder's certificate by `authority` in `folder` is good; `None` when there is none.
pub fn responder_until(folder: &Path, authority: AuthorityName, trust: &Trust) -> Option<OffsetDateTime> {
    trust.responder_until(authority, &fs::read(responder_file(folder, authority)).ok()?)
}

/// What is to be signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    pub lists: Vec<AuthorityName>,
    pub registers: Vec<AuthorityName>,
    pub responders: Vec<AuthorityName>,
}

impl Due {
    /// Every list and register, whatever is there.
    pub fn all() -> Self {
        Self {
            lists: ISSUING.to_vec(),
            registers: ISSUING.to_vec(),
            responders: Vec::new(),
        }
    }

    /// Nothing is.
    pub const fn is_nothing(&self) -> bool {
        self.lists.is_empty() && self.registers.is_empty() && self.responders.is_empty()
    }
}

/// The request of whoever answers for the authorities here: `responder.csr` in `folder`, when it is one.
pub fn responder_request(folder: &Path) -> Option<ResponderRequest> {
    let der = fs::read(folder.join("responder.csr")).ok()?;
    let request = ResponderRequest::read(&der);
    if let Err(error) = &request {
        tracing::warn!(%error, folder = %folder.display(), "a responder asks for a certificate in vain");
    }
    request.ok()
}

/// What in `folder` a new one must follow: a list or register that does not read, half whose time is over, of a later day than
/// today, or that names other certificates than the records do; and a responder's certificate that is for another key than
/// that of `request`, or in the second half of its days.
///
/// # Errors
/// [`NotListed::Office`]
pub async fn due(
    office: &Office,
    trust: &Trust,
    now: OffsetDateTime,
    folder: &Path,
    request: Option<&ResponderRequest>,
) -> Result<Due, NotListed> {
    let revoked = office.revoked().await?;
    let mut due = Due::default();
    for name in ISSUING {
        let wanted = revoked
            .iter()
            .filter(|one| one.authority == name)
            .map(|one| one.serial.0);
        let wanted: BTreeSet<_> = wanted.collect();
        let fits = |list: PublishedList| {
            // By halves: whoever fetched it last has a good one for as long again, also when the next is late.
            now >= list.signed_at
                && now < list.signed_at + (list.until - list.signed_at) / 2
                && list.revoked.keys().eq(&wanted)
        };
        if !published(folder, name, trust).is_ok_and(fits) {
            due.lists.push(name);
        }
        // Serials are only ever added: as many are the same.
        let issued = office.issued_count(name).await?;
        let fits = |register: Register| {
            now >= register.as_of && now < register.as_of + REGISTER_LASTS && register.serials().len() == issued
        };
        if !register(folder, name, trust).is_ok_and(fits) {
            due.registers.push(name);
        }
        if let Some(request) = request {
            let certificate = fs::read(responder_file(folder, name)).unwrap_or_default();
            let until = trust.responder_until(name, &certificate);
            let half = Duration::days(Profile::ResidentResponder.lifetime_days()) / 2;
            if !request.is_answered_by(&certificate) || until.is_none_or(|until| until - now < half) {
                due.responders.push(name);
            }
        }
    }
    Ok(due)
}

/// Signs the lists of the two issuing authorities, good for `lasts` from `now`, and writes them to `folder` as
/// `resident.crl` and `staff.crl`, the names at their distribution points.
///
/// # Errors
/// [`NotListed`]; a list that was there before stays whole.
pub async fn write(
    office: &Office,
    authorities: &Authorities,
    act: &dyn Fn() -> Act,
    now: OffsetDateTime,
    lasts: Duration,
    folder: &Path,
) -> Result<Vec<Listed>, NotListed> {
    write_due(office, authorities, act, (now, lasts), folder, &Due::all(), None).await
}

/// As [`write`], what is `due` alone; responders' certificates for the key of `request`. Gives the lists.
///
/// # Errors
/// [`NotListed`]
pub async fn write_due(
    office: &Office,
    authorities: &Authorities,
    act: &dyn Fn() -> Act,
    (now, lasts): (OffsetDateTime, Duration),
    folder: &Path,
    due: &Due,
    request: Option<&ResponderRequest>,
) -> Result<Vec<Listed>, NotListed> {
    make_folder(folder)?;
    // One writer at a time: else the slower of two would put the list of the lower number over the other's.
    let _alone = alone(folder).map_err(|source| NotListed::File {
        path: folder.to_owned(),
        source,
    })?;
    let mut listed = Vec::new();
    for authority in [&authorities.resident, &authorities.staff] {
        let name = authority.name();
        if due.lists.contains(&name) {
            listed.push(write_list(office, authority, act, (now, lasts), folder).await?);
        }
        if due.registers.contains(&name) {
            // After the list: what the register leaves open the list has said.
            let issued = office.issued(name).await?;
            publish(&register_file(folder, name), &authority.register(issued, now)?)?;
        }
        if let (true, Some(request)) = (due.responders.contains(&name), request) {
            // The serial first: what was signed is known, or known to be missing.
            let fresh = CertificateSerial::new(&mut OsChance);
            let reserved = office.reserve_responder(&act(), name, fresh).await?;
            let reserved = ReservedSerial::record(reserved, Ok::<_, NotListed>)?;
            let certificate = authority.certify_responder(request, &reserved)?;
            // The outcome first: cut off between the two, the records know of a certificate that nobody has, and the next
            // look makes another; the other way round one would be in use that "was never signed".
            office.responder_certified(certificate.serial, &certificate.der).await?;
            publish(&responder_file(folder, name), &certificate.der)?;
        }
    }
    Ok(listed)
}

async fn write_list(
    office: &Office,
    authority: &Authority,
    act: &dyn Fn() -> Act,
    (now, lasts): (OffsetDateTime, Duration),
    folder: &Path,
) -> Result<Listed, NotListed> {
    let name = authority.name();
    // The number first: a list of a higher number never knows less.
    let number = office.next_list_number(&act(), name).await?;
    let revoked: Vec<Revoked> = office
        .revoked()
        .await?
        .into_iter()
        .filter(|revoked| revoked.authority == name)
        .map(|revoked| Revoked {
            serial: revoked.serial,
            at: revoked.at,
            reason: revoked.reason,
        })
        .collect();
    let entries = revoked.len();
    let list = authority.revocation_list(revoked, number, now, lasts)?;
    let file = file(folder, name);
    // The outcome first, as for a responder's certificate.
    office.list_signed(name, number, entries, list.fingerprint()).await?;
    publish(&file.with_extension("pem"), list.pem.as_bytes())?;
    publish(&file, &list.der)?;
    Ok(Listed {
        authority: name,
        number,
        entries,
        file,
    })
}

/// Signs the root's next list, good for `lasts`: empty, since what the root signed is told of in the next ceremony. It takes
/// the number after that of the list in the authorities' `folder`, which it replaces there.
///
/// # Errors
/// [`NotListed`]
pub fn write_root(root: &Authority, folder: &Path, now: OffsetDateTime, lasts: Duration) -> Result<Listed, NotListed> {
    let file = root_file(folder);
    let last = fs::read(&file)
        .ok()
        .and_then(|der| PublishedList::read(&der, root.certificate()).ok());
    let number = last.map_or(1, |list| list.number + 1);
    let list = root.revocation_list([], number, now, lasts)?;
    publish(&file, &list.der)?;
    Ok(Listed {
        authority: AuthorityName::Root,
        number,
        entries: 0,
        file,
    })
}

/// Puts what the ceremony made beside the lists in `folder`: the certificates of all three, and the root's list. Gives
/// whether anything was new.
///
/// # Errors
/// [`NotListed::File`]
pub fn put_beside(authorities: &Path, trust: &Trust, folder: &Path) -> Result<bool, NotListed> {
    make_folder(folder)?;
    let certificates = AuthorityName::ALL.map(|name| (format!("{name}.cer"), trust.certificate(name).to_vec()));
    let root_list = root_file(authorities);
    let root_list = fs::read(&root_list).map_err(|source| NotListed::File {
        path: root_list,
        source,
    })?;
    let mut new = false;
    for (name, content) in certificates.into_iter().chain([("root.crl".to_owned(), root_list)]) {
        let file = folder.join(name);
        if fs::read(&file).is_ok_and(|there| there == content) {
            continue;
        }
        publish(&file, &content)?;
        new = true;
    }
    Ok(new)
}

fn file(folder: &Path, authority: AuthorityName) -> PathBuf {
    folder.join(format!("{authority}.crl"))
}

fn register_file(folder: &Path, authority: AuthorityName) -> PathBuf {
    folder.join(format!("{authority}.serials"))
}

fn responder_file(folder: &Path, authority: AuthorityName) -> PathBuf {
    folder.join(format!("{authority}-responder.cer"))
}

/// The root's list as the ceremony leaves it.
fn root_file(authorities: &Path) -> PathBuf {
    authorities.join("root/revocations.crl")
}

fn make_folder(folder: &Path) -> Result<(), NotListed> {
    fs::create_dir_all(folder).map_err(|source| NotListed::File {
        path: folder.to_owned(),
        source,
    })
}

/// Waits until nobody else writes to `folder`; until what is given is dropped nobody will.
fn alone(folder: &Path) -> io::Result<fs::File> {
    let open = fs::File::open(folder)?;
    rustix::fs::flock(&open, rustix::fs::FlockOperation::LockExclusive)?;
    Ok(open)
}

/// Whole or not at all, and readable by whoever serves it.
fn publish(path: &Path, content: &[u8]) -> Result<(), NotListed> {
    use std::os::unix::fs::PermissionsExt;
    let fresh = path.with_extension("fresh");
    secrets::replace(&fresh, content)
        .and_then(|()| fs::set_permissions(&fresh, fs::Permissions::from_mode(0o644)))
        .and_then(|()| fs::rename(&fresh, path))
        .map_err(|source| NotListed::File {
            path: path.to_owned(),
            source,
        })
}
