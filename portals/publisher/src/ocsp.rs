//! Answers whether a certificate is good (RFC 6960, RFC 5019), over plain HTTP at `/ocsp`. Answers are signed with a key of
//! this program's own, which the authorities certified; from the published folder it reads what they signed: the
//! revocation lists, the registers of issued serials and its certificates. A file put there is what the next answer says.

use std::{
    fs,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, ensure};
use axum::{
    Router,
    body::Bytes,
    extract::{Path as UrlPath, State},
    http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use certificate_status::{List, Register, Responder, ResponderKey, Served};
use relay_core::clock::Clock;

/// The authorities that have a responder.
const AUTHORITIES: [&str; 2] = ["resident", "staff"];
/// How often the files are looked at: a revocation is answered this soon after it was signed.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const KEY: &str = "responder.key";
const REQUEST: &str = "responder.csr";

/// The answers, as they are now.
pub struct Ocsp {
    clock: Arc<dyn Clock>,
    responder: RwLock<Arc<Responder>>,
    folder: PathBuf,
}

/// When a file was changed last, and how long it is.
type Stamp = Option<(SystemTime, u64)>;

/// The files of one authority and what they held when they were read last.
struct Files {
    name: &'static str,
    stamps: Vec<Stamp>,
    /// The highest list that was read: an older one put back is none.
    highest: u64,
    /// What was told last is not told again.
    told: Option<String>,
}

impl Ocsp {
    /// Answers with the key in `state`, which is made there when there is none, from the files in `folder`. Until the
    /// authorities have certified the key every answer says to try later.
    ///
    /// # Errors
    /// The key cannot be made, written or read.
    pub fn open(state: &Path, folder: &Path, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Self>> {
        let key = key(state)?;
        let request = key.request()?;
        let file = state.join(REQUEST);
        // Renewed at each start: it is signed anew, and the same to whoever reads its key.
        write(&file, &request, 0o644).with_context(|| file.display().to_string())?;
        Ok(Arc::new(Self {
            clock,
            responder: RwLock::new(Arc::new(Responder::new(key, Vec::new()).waiting_for_others())),
            folder: folder.to_owned(),
        }))
    }

    /// Goes on reading the files as they change; for a thread of its own.
    pub fn keep(&self) -> ! {
        let mut files = AUTHORITIES.map(Files::new);
        loop {
            self.look(&mut files);
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Reads the files that changed since the last look.
    fn look(&self, files: &mut [Files; 2]) {
        let stamps: Vec<_> = files.iter().map(|one| one.stamps_in(&self.folder)).collect();
        if files.iter().zip(&stamps).all(|(one, now)| one.stamps == *now) {
            return;
        }
        let responder = self.responder();
        let key = match responder.key() {
            Ok(key) => key,
            Err(error) => return tracing::warn!(%error, "the responder's key"),
        };
        let mut served = Vec::new();
        for (one, now) in files.iter_mut().zip(stamps) {
            one.stamps = now;
            match one.read(&self.folder, &key) {
                Ok(read) => {
                    one.highest = read.list().number;
                    one.told = None;
                    served.push(read);
                }
                Err(error) => one.tell(&format!("{error:#}")),
            }
        }
        let is_whole = served.len() == AUTHORITIES.len();
        let renewed = Responder::new(key, served);
        let renewed = Arc::new(if is_whole {
            renewed
        } else {
            renewed.waiting_for_others()
        });
        *self.responder.write().unwrap_or_else(PoisonError::into_inner) = renewed;
    }

    fn responder(&self) -> Arc<Responder> {
        Arc::clone(&self.responder.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, request: &[u8], with_get: bool) -> Response {
        let now = self.clock.now();
        let answer = self.responder().answer(request, now);
        let kind = (CONTENT_TYPE, "application/ocsp-response");
        let body = answer.der.to_vec();
        // Only what was asked by GET is stored by caches (RFC 5019 §6.2), and not past the next list.
        match answer.fresh_for.filter(|_| with_get) {
            Some(fresh) => {
                let seconds = fresh.whole_seconds().clamp(0, 60);
                let control = format!("max-age={seconds}, public, no-transform, must-revalidate");
                ([kind], [(CACHE_CONTROL, control)], body).into_response()
            }
            None => ([kind], [(CACHE_CONTROL, "no-store"), (EXPIRES, "0")], body).into_response(),
        }
    }
}

/// `/ocsp` by POST, and `/ocsp/` and the question in base64 by GET.
pub fn routes(ocsp: Arc<Ocsp>) -> Router {
    Router::new()
        .route("/ocsp", post(asked_by_post))
        .route("/ocsp/", post(asked_by_post))
        .route("/ocsp/{*question}", get(asked_by_get))
        .with_state(ocsp)
}

/// Whatever it calls itself: the question says what it is.
async fn asked_by_post(State(ocsp): State<Arc<Ocsp>>, body: Bytes) -> Response {
    ocsp.answer(&body, false)
}

/// The URL encoding is already taken off. A slash may stand for itself: base64 has slashes, and clients that leave them are
/// many; so are those that leave a plus, which some path on the way makes a space.
async fn asked_by_get(State(ocsp): State<Arc<Ocsp>>, UrlPath(question): UrlPath<String>) -> Response {
    let request = STANDARD.decode(question.trim().replace(' ', "+")).unwrap_or_default();
    ocsp.answer(&request, true)
}

impl Files {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            stamps: Vec::new(),
            highest: 0,
            told: None,
        }
    }

    /// Authority, responder, register, list.
    fn paths(&self, folder: &Path) -> [PathBuf; 4] {
        [".cer", "-responder.cer", ".serials", ".crl"].map(|ending| folder.join(format!("{}{ending}", self.name)))
    }

    fn stamps_in(&self, folder: &Path) -> Vec<Stamp> {
        let stamp = |path: &PathBuf| {
            let known = fs::metadata(path).ok()?;
            Some((known.modified().ok()?, known.len()))
        };
        self.paths(folder).iter().map(stamp).collect()
    }

    fn read(&self, folder: &Path, key: &ResponderKey) -> anyhow::Result<Served> {
        let [issuer, certificate, register, list] = self.paths(folder);
        let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
        let (issuer, certificate) = (read(&issuer)?, read(&certificate)?);
        // The register before the list: what it leaves open was read from the records no later than the list.
        let about = |path: &Path, why: String| anyhow::anyhow!("{}: {why}", path.display());
        let known = Register::read(&read(&register)?, self.name, &issuer).map_err(|why| about(&register, why))?;
        let revoked = List::read(&read(&list)?, &issuer).map_err(|why| about(&list, why))?;
        ensure!(
            revoked.number >= self.highest,
            "{}: number {} is older than {}, which was read before",
            list.display(),
            revoked.number,
            self.highest
        );
        Ok(Served::new(key, &issuer, &certificate, known, revoked)?)
    }

    fn tell(&mut self, error: &str) {
        if self.told.as_deref() != Some(error) {
            tracing::warn!(authority = self.name, error, "nothing is answered for this authority");
            self.told = Some(error.to_owned());
        }
    }
}

/// The key in `state`; made when there is none.
fn key(state: &Path) -> anyhow::Result<ResponderKey> {
    let file = state.join(KEY);
    let there = || fs::read(&file).with_context(|| file.display().to_string());
    if !file.exists() {
        fs::create_dir_all(state).with_context(|| state.display().to_string())?;
        let made = ResponderKey::generate()?;
        write(&file, &made.to_pkcs8(), 0o600).with_context(|| file.display().to_string())?;
    }
    let mode = fs::metadata(&file).map(|known| known.permissions().mode() & 0o077);
    ensure!(
        mode.is_ok_and(|others| others == 0),
        "{}: others may read the key; make it 0600",
        file.display()
    );
    ResponderKey::from_pkcs8(&there()?).with_context(|| file.display().to_string())
}

/// Whole or not at all.
fn write(path: &Path, content: &[u8], mode: u32) -> std::io::Result<()> {
    use std::io::Write as _;
    let fresh = path.with_extension("fresh");
    let _ = fs::remove_file(&fresh);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}
