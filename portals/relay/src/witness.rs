//! The second party of an office's audit trail (C2SP tlog-witness): a head is taken when it continues the one taken before,
//! kept in a file of the relay's, and vouched for with the relay's own key. An office that writes another history gets no
//! signature, and what it asked to have signed stays here.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::post,
};
use portal_kit::config::secrets;
use relay_core::chance::{Chance, draw};
use store::trail::{
    head::{HeadVerifier, TreeHead, notes},
    witness::{NotWitnessed, SIZE_TYPE, Submission, WitnessKey, continues},
};
use time::OffsetDateTime;
use tracing::{info, warn};

use crate::{
    config,
    front::{Front, StartError},
};

/// What refusals of a trail's heads are counted under.
const OTHER_HISTORY: &str = "witness.other_history";

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new().route("/registry/heads/add-checkpoint", post(take))
}

async fn take(State(front): State<Arc<Front>>, body: String) -> Response {
    let Some(witness) = front.witness.clone() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let now = front.now();
    let taken = tokio::task::spawn_blocking(move || witness.take(&body, now)).await;
    match taken {
        Ok(Ok(line)) => line.into_response(),
        Ok(Err(NotTaken::Refused { reason, origin })) => {
            if reason == NotWitnessed::OtherHistory {
                warn!(
                    origin,
                    "a trail's head does not continue the one before: another history"
                );
                front.refusals.count(&origin, OTHER_HISTORY, now);
            } else {
                info!(origin, %reason, "a trail's head is not vouched for");
            }
            let status = StatusCode::from_u16(reason.status()).unwrap_or(StatusCode::BAD_REQUEST);
            match reason {
                NotWitnessed::OtherSize(size) => {
                    (status, [(CONTENT_TYPE, SIZE_TYPE)], format!("{size}\n")).into_response()
                }
                reason => (status, format!("{reason}\n")).into_response(),
            }
        }
        Ok(Err(NotTaken::Kept(error))) => {
            warn!(%error, "a trail's head can't be kept");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Err(error) => {
            warn!(%error, "a trail's head was not taken");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Makes the key of the witness called `name` in `file`; gives its public half, which offices are told.
///
/// # Errors
/// The name has a space or a plus, the file is there, or can't be written.
pub fn make_key(name: &str, file: &Path, chance: &mut dyn Chance) -> io::Result<String> {
    if name.is_empty() || name.contains(|letter: char| letter.is_whitespace() || letter == '+' || letter.is_control()) {
        return Err(io::Error::other("a witness's name has no spaces and no plus"));
    }
    let (secret, public) = WitnessKey::fresh(name, &draw::<32>(chance));
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    open.write_all(secret.as_bytes())?;
    open.sync_all()?;
    Ok(public)
}

/// Why a head is not vouched for.
#[derive(Debug)]
enum NotTaken {
    Refused {
        reason: NotWitnessed,
        origin: String,
    },
    /// The file of heads can't be read or written.
    Kept(io::Error),
}

/// The witness: its key, whose trails it takes, and where it keeps their heads.
pub(crate) struct Witness {
    key: WitnessKey,
    trails: BTreeMap<String, HeadVerifier>,
    folder: PathBuf,
    /// The head taken last of each trail that was asked about; one head is compared and kept at a time.
    last: Mutex<BTreeMap<String, TreeHead>>,
}

impl Witness {
    /// # Errors
    /// [`StartError`]
    pub(crate) fn open(config: &config::Witness) -> Result<Self, StartError> {
        let key = secrets::read(&config.key_file)?;
        let key = WitnessKey::from_text(&key)
            .map_err(|_| StartError::key(&config.key_file, "no key of a witness is in it"))?;
        let trails = config
            .trails
            .iter()
            .map(|trail| (trail.name().to_owned(), trail.clone()));
        Ok(Self {
            key,
            trails: trails.collect(),
            folder: config.folder.clone(),
            last: Mutex::default(),
        })
    }

    /// Takes the submission in `body`: the line that vouches for its head.
    fn take(&self, body: &str, now: OffsetDateTime) -> Result<String, NotTaken> {
        let refused = |reason, origin: &str| NotTaken::Refused {
            reason,
            origin: origin.to_owned(),
        };
        let submission = Submission::read(body).map_err(|_| refused(NotWitnessed::Malformed, ""))?;
        let origin = submission.note.lines().next().unwrap_or_default();
        let trail = self.trails.get(origin);
        let trail = trail.ok_or_else(|| refused(NotWitnessed::UnknownOrigin, ""))?;
        let file = self.folder.join(origin);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !last.contains_key(origin)
            && let Some(head) = newest(&file, trail).map_err(NotTaken::Kept)?
        {
            last.insert(origin.to_owned(), head);
        }
        let head = match continues(&submission, trail, last.get(origin)) {
            Ok(head) => head,
            Err(reason) => {
                if reason == NotWitnessed::OtherHistory {
                    // Signed by the office itself: proof that it has two histories.
                    append(&self.folder.join(format!("{origin}.refused")), &submission.note).map_err(NotTaken::Kept)?;
                }
                return Err(refused(reason, origin));
            }
        };
        let line = self.key.cosign(&submission.note, now);
        let line = line.map_err(|_| refused(NotWitnessed::Malformed, origin))?;
        if last.get(origin).is_none_or(|last| last.size < head.size) {
            append(&file, &format!("{}{line}", submission.note)).map_err(NotTaken::Kept)?;
            last.insert(origin.to_owned(), head);
        }
        Ok(line)
    }
}

/// The head taken last.
fn newest(file: &Path, trail: &HeadVerifier) -> io::Result<Option<TreeHead>> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // What was being written when the power went is no head.
    let heads = notes(&text).into_iter().filter_map(|note| trail.open(&note).ok());
    Ok(heads.max_by_key(|head| head.size))
}

fn append(file: &Path, note: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut open = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    open.write_all(format!("{note}\n").as_bytes())?;
    open.sync_all()
}
