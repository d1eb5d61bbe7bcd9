//! Long commands that can be stopped: Ctrl-C and a request to end are heard at the next piece of work, so that what was begun
//! is cleared away.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    backup::bundle::{self, About, BundleError, Key, Manifest, Unpack},
    steps::Step,
};

/// Whether somebody asked to stop.
#[derive(Clone)]
pub(super) struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system's.
    pub fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let asked = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&asked);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut interrupt, mut end) = {
            let _inside = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = end.recv() => {}
                    }
                    told.store(true, Ordering::Relaxed);
                }
            });
        });
        Ok(Self(asked))
    }

    /// Whether nobody did.
    pub fn goes_on(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    /// When somebody did.
    pub fn check(&self) -> Result<(), BundleError> {
        if self.goes_on() {
            Ok(())
        } else {
            Err(BundleError::Stopped)
        }
    }

    /// `inner`, which tells how much passed and ends when somebody asked to stop.
    pub fn watched<R: Read, F: Fn(u64)>(&self, inner: R, tell: F) -> Watched<R, F> {
        Watched {
            inner,
            tell,
            passed: 0,
            stopping: self.clone(),
        }
    }

    /// Reads a copy, showing how far it is.
    pub fn read(
        &self,
        file: &Path,
        key: &Key,
        unpack: &mut dyn Unpack,
        step: &Step,
    ) -> anyhow::Result<(About, Manifest)> {
        let at_file = |error| BundleError::File {
            path: file.to_owned(),
            error,
        };
        let open = File::open(file).map_err(at_file)?;
        let total = open.metadata().map_err(at_file)?.len();
        let open = BufReader::with_capacity(1 << 20, open);
        bundle::read(self.watched(open, |passed| step.progress(passed, total)), key, unpack)
    }
}

/// A reader that can be stopped.
pub(super) struct Watched<R, F> {
    inner: R,
    tell: F,
    passed: u64,
    stopping: Stopping,
}

impl<R: Read, F: Fn(u64)> Read for Watched<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.stopping.goes_on() {
            // Not `Interrupted`: whoever reads to an end would try that again.
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "stopped"));
        }
        let read = self.inner.read(buffer)?;
        self.passed += read as u64;
        (self.tell)(self.passed);
        Ok(read)
    }
}
