//! The door: a pool of connections, and [`Store::run`], which carries every transaction.

use std::{
    fmt,
    future::poll_fn,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::{
    NoTls, Row,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};
use tracing::{Instrument, debug, info_span, warn};

use crate::StoreError;

/// Where a database is and how to come in.
#[derive(Debug, Clone)]
pub struct Door {
    /// A folder holding the Unix socket (begins with `/`), or a host name.
    pub host: String,
    /// TCP port, or the number in the socket's name.
    pub port: u16,
    pub database: String,
    pub user: String,
    /// Its password (SCRAM-SHA-256).
    pub password: SecretString,
    /// Shown by the database beside each connection.
    pub application: String,
    /// At most so many connections at once.
    pub connections: usize,
    /// Longest wait for a connection, its start-up and authentication included.
    pub connect_limit: Duration,
    /// Longest wait for the answer to one statement.
    pub answer_limit: Duration,
}

impl Door {
    /// A door with the usual limits: 4 connections, 3 s to connect, 10 s for an answer.
    pub fn new(
        host: impl Into<String>,
        database: impl Into<String>,
        user: impl Into<String>,
        password: SecretString,
    ) -> Self {
        Self {
            host: host.into(),
            port: 5432,
            database: database.into(),
            user: user.into(),
            password,
            application: "madoguchi".to_owned(),
            connections: 4,
            connect_limit: Duration::from_secs(3),
            answer_limit: Duration::from_secs(10),
        }
    }

    pub(crate) fn client_config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        if self.host.starts_with('/') {
            config.host_path(PathBuf::from(&self.host));
        } else {
            config.host(&self.host).keepalives_idle(Duration::from_secs(20));
        }
        let answer = self.answer_limit.as_millis();
        config
            .port(self.port)
            .dbname(&self.database)
            .user(&self.user)
            .password(self.password.expose_secret())
            .application_name(&self.application)
            .connect_timeout(self.connect_limit)
            // The server gives up by itself too, so that an abandoned statement holds no lock.
            .options(format!(
                "-c statement_timeout={answer} -c lock_timeout={} -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
                answer / 2
            ));
        config
    }
}

/// How much a transaction is kept apart from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// As if transactions ran one after another; what every decision needs.
    #[default]
    Serializable,
    /// One unchanging view, for reading whole lists and for bulk loads that lock their table themselves.
    RepeatableRead,
    /// Each statement sees what is committed when it begins: for changes whose every decision is held by the lock of a
    /// row or by a unique key. Nobody else's other rows make such a change fail, however many come at once.
    ReadCommitted,
    /// No transaction round it: one statement that reads, without a journey for its end. What would write is refused.
    Statement,
}

impl Isolation {
    const fn begin(self) -> Option<&'static str> {
        match self {
            Self::Serializable => Some("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"),
            Self::RepeatableRead => Some("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"),
            Self::ReadCommitted => Some("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
            Self::Statement => None,
        }
    }
}

/// The door itself; clones share the pool.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    answer_limit: Duration,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({:?})", self.pool.status())
    }
}

/// How often a transaction is tried again when others changed the same rows.
const ATTEMPTS: u32 = 12;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

impl Store {
    /// A store behind `door`. On its connections nothing is written outside a transaction: a statement whose BEGIN, sent
    /// ahead of it, should fail changes nothing. Nothing is connected before the first transaction, so a console can start and say
    /// that the database is away.
    pub fn new(door: &Door) -> Self {
        let mut config = door.client_config();
        let limits = config.get_options().unwrap_or_default();
        let options = format!("{limits} -c default_transaction_read_only=on");
        config.options(options);
        let manager = Manager::from_config(
            config,
            NoTls,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let limit = Some(door.connect_limit);
        let pool = Pool::builder(manager)
            .max_size(door.connections)
            // The client's own connect_timeout ends when the socket is open; a server that accepts and then says
            // nothing would hold us for ever without `create`.
            .timeouts(Timeouts {
                wait: limit,
                create: limit,
                recycle: limit,
            })
            .runtime(Runtime::Tokio1)
            .build()
            .expect("a pool with a runtime builds");
        Self {
            pool,
            answer_limit: door.answer_limit,
        }
    }

    /// Runs `work` as the serializable transaction `name` and commits it.
    ///
    /// `work` may be called several times (serialization failures, deadlocks, a connection found dead at its first
    /// use), so it must do nothing but talk to the database. Any error it returns rolls everything back. The
    /// transaction is handed over by value (clones are the same one), so that the work's future can be spawned.
    ///
    /// # Errors
    /// What `work` returns, or a [`StoreError`].
    pub async fn run<T, E, F, W>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, E>> + Send,
        E: From<StoreError>,
    {
        self.run_as(name, Isolation::Serializable, self.answer_limit, work)
            .await
    }

    /// As [`Store::run`], with another isolation and another limit for one statement's answer.
    ///
    /// # Errors
    /// What `work` returns, or a [`StoreError`].
    pub async fn run_as<T, E, F, W>(
        &self,
        name: &'static str,
        isolation: Isolation,
        answer_limit: Duration,
        work: F,
    ) -> Result<T, E>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, E>> + Send,
        E: From<StoreError>,
    {
        let span = info_span!("transaction", name);
        async {
            let began = Instant::now();
            let mut attempt = 1;
            let mut spares = self.pool.status().size;
            loop {
                let tx = self.begin(name, isolation, answer_limit).await?;
                let ended = match work(tx.clone()).await {
                    Ok(value) if tx.0.committed.load(Ordering::Relaxed) => Ok(value),
                    Ok(value) => tx.commit().await.map(|()| value).map_err(E::from),
                    Err(error) => {
                        tx.roll_back().await;
                        Err(error)
                    }
                };
                match ended {
                    // A pooled connection whose server restarted is only found dead when used. It has done nothing, so
                    // the next one can be asked.
                    Err(_) if spares > 0 && tx.0.dead_on_arrival() => spares -= 1,
                    Err(_) if tx.0.conflicted.load(Ordering::Relaxed) => {
                        if attempt == ATTEMPTS {
                            warn!(attempt, "gave up: others keep changing the same rows");
                            return Err(StoreError::Conflict {
                                during: name,
                                attempts: attempt,
                            }
                            .into());
                        }
                        attempt += 1;
                        debug!(attempt, "again: others changed the same rows");
                        // Two that collided once would collide again in step; the pause grows and differs by task.
                        let jitter = u64::from(began.elapsed().subsec_nanos() % 1_000);
                        let pause = Duration::from_micros((500 << attempt) + (jitter << attempt) / 2);
                        tokio::time::sleep(pause.min(LONGEST_PAUSE + Duration::from_micros(jitter * 100))).await;
                    }
                    ended => {
                        debug!(
                            attempt,
                            took_us = began.elapsed().as_micros() as u64,
                            done = ended.is_ok()
                        );
                        return ended;
                    }
                }
            }
        }
        .instrument(span)
        .await
    }

    /// How long the database takes to answer the smallest question.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn latency(&self) -> Result<Duration, StoreError> {
        let began = Instant::now();
        self.run_as(
            "latency",
            Isolation::RepeatableRead,
            self.answer_limit,
            |tx| async move { tx.query_one("-- latency\nSELECT 1", &[]).await.map(|_| ()) },
        )
        .await?;
        Ok(began.elapsed())
    }

    /// Lets go of every idle connection, as before closing a test's database.
    pub fn close(&self) {
        self.pool.close();
    }

    /// A connection on which the first statement will begin a transaction.
    async fn begin(&self, name: &'static str, isolation: Isolation, answer_limit: Duration) -> Result<Tx, StoreError> {
        let client = self
            .pool
            .get()
            .await
            .map_err(|error| StoreError::from_pool(name, error))?;
        let begin = isolation.begin().map(|begin| match answer_limit == self.answer_limit {
            true => begin.to_owned(),
            // The server's own limit, set at connecting, would end a longer statement before ours does.
            false => format!("{begin}; SET LOCAL statement_timeout = {}", answer_limit.as_millis()),
        });
        Ok(Tx(Arc::new(Held {
            client: Some(client),
            name,
            answer_limit,
            alone: begin.is_none(),
            begin: Mutex::new(begin),
            heard: AtomicBool::new(false),
            unreachable: AtomicBool::new(false),
            conflicted: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            committed: AtomicBool::new(false),
            finished: AtomicBool::new(false),
        })))
    }
}

/// An open transaction, as handed to the work of [`Store::run`]. Clones are the same transaction.
#[derive(Clone)]
pub struct Tx(Arc<Held>);

struct Held {
    client: Option<Object>,
    name: &'static str,
    answer_limit: Duration,
    /// What begins the transaction, until it is sent together with the first statement.
    begin: Mutex<Option<String>>,
    /// There is no transaction to begin or to end.
    alone: bool,
    /// The server answered something.
    heard: AtomicBool,
    /// The server did not answer a statement.
    unreachable: AtomicBool,
    /// A statement failed because of other transactions: the whole is worth trying again.
    conflicted: AtomicBool,
    /// A statement failed: PostgreSQL answers COMMIT with a silent ROLLBACK from here on.
    failed: AtomicBool,
    /// The last statement committed.
    committed: AtomicBool,
    finished: AtomicBool,
}

impl Held {
    /// Takes what begins the transaction, once.
    fn begin(&self) -> Option<String> {
        self.begin.lock().unwrap_or_else(|held| held.into_inner()).take()
    }

    /// Whether the connection was dead before anything was done on it.
    fn dead_on_arrival(&self) -> bool {
        self.unreachable.load(Ordering::Relaxed) && !self.heard.load(Ordering::Relaxed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Abandoned half-way (the caller's task was dropped, or the server is silent): the connection may not go
        // back to the pool with a transaction open on it. Closing it makes the server roll back.
        if !*self.finished.get_mut()
            && let Some(client) = self.client.take()
        {
            drop(Object::take(client));
        }
    }
}

/// A value bound to a statement.
pub type Bound<'a> = &'a (dyn ToSql + Sync);

impl Tx {
    /// The rows `sql` gives.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn query(&self, sql: &str, values: &[Bound<'_>]) -> Result<Vec<Row>, StoreError> {
        self.answered(async {
            let statement = self.client().prepare_cached(sql).await?;
            self.client().query(&statement, values).await
        })
        .await
    }

    /// The one row `sql` gives.
    ///
    /// # Errors
    /// [`StoreError`]; no row or several are a fault of the program.
    pub async fn query_one(&self, sql: &str, values: &[Bound<'_>]) -> Result<Row, StoreError> {
        self.answered(async {
            let statement = self.client().prepare_cached(sql).await?;
            self.client().query_one(&statement, values).await
        })
        .await
    }

    /// The row `sql` gives, if any.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn query_opt(&self, sql: &str, values: &[Bound<'_>]) -> Result<Option<Row>, StoreError> {
        self.answered(async {
            let statement = self.client().prepare_cached(sql).await?;
            self.client().query_opt(&statement, values).await
        })
        .await
    }

    /// How many rows `sql` changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn execute(&self, sql: &str, values: &[Bound<'_>]) -> Result<u64, StoreError> {
        self.answered(async {
            let statement = self.client().prepare_cached(sql).await?;
            self.client().execute(&statement, values).await
        })
        .await
    }

    /// Sends the statements one behind the other without waiting between them; they are done in this order.
    ///
    /// # Errors
    /// [`StoreError`] of the first that failed; those behind it did nothing.
    pub async fn execute_all(&self, statements: &[(&str, &[Bound<'_>])]) -> Result<(), StoreError> {
        self.answered(async {
            let client = self.client();
            let mut prepared = Vec::with_capacity(statements.len());
            for (sql, _) in statements {
                prepared.push(client.prepare_cached(sql).await?);
            }
            let mut waiting: Vec<_> = prepared
                .iter()
                .zip(statements)
                .map(|(statement, (_, values))| (Box::pin(client.execute(statement, values)), None))
                .collect();
            poll_fn(|context| {
                // A statement goes out when it is first polled: the order here is the order on the wire.
                for (answer, answered) in &mut waiting {
                    if answered.is_none()
                        && let Poll::Ready(ready) = answer.as_mut().poll(context)
                    {
                        *answered = Some(ready);
                    }
                }
                match waiting.iter().all(|(_, answered)| answered.is_some()) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
            .await;
            waiting
                .into_iter()
                .filter_map(|(_, answered)| answered)
                .try_for_each(|answered| answered.map(drop))
        })
        .await
    }

    /// Sends `sql`, the transaction's last statement, and COMMIT behind it, and waits for both. PostgreSQL answers the
    /// COMMIT of a transaction whose last statement failed by rolling it back. Nothing may be asked of the transaction
    /// afterwards.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::AnswerLost`] when the connection breaks meanwhile.
    pub async fn execute_last(&self, sql: &str, values: &[Bound<'_>]) -> Result<(), StoreError> {
        let statement = self.answered(self.client().prepare_cached(sql)).await?;
        self.refuse_after_failure()?;
        let mut sent = false;
        let answer = self
            .answered(async {
                let mut last = pin!(self.client().execute(&statement, values));
                // Refused before it goes out (a value that does not encode), it must not be followed by a COMMIT.
                let early = poll_fn(|context| Poll::Ready(last.as_mut().poll(context))).await;
                if let Poll::Ready(Err(error)) = early {
                    return Err(error);
                }
                sent = true;
                let commit = self.client().batch_execute("COMMIT");
                let (last, committed) = match early {
                    Poll::Ready(last) => (last, commit.await),
                    Poll::Pending => tokio::join!(last, commit),
                };
                if committed.is_ok() {
                    self.0.finished.store(true, Ordering::Relaxed);
                }
                last.and(committed)
            })
            .await;
        match answer {
            Err(StoreError::Unreachable { during, reason }) if sent => Err(StoreError::AnswerLost { during, reason }),
            Err(error) => Err(error),
            Ok(()) => {
                self.0.committed.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Statements without values.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.answered(self.client().batch_execute(sql)).await
    }

    /// Opens a `COPY … FROM STDIN BINARY` whose columns are of `types`. Each step on the writer goes through
    /// [`Tx::answered`].
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn copy_in(&self, sql: &str, types: &[Type]) -> Result<BinaryCopyInWriter, StoreError> {
        let sink = self.answered(self.client().copy_in(sql)).await?;
        Ok(BinaryCopyInWriter::new(sink, types))
    }

    /// Waits for one step of a COPY with this transaction's limit, and sorts its error.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn answered<T>(
        &self,
        step: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        let name = self.0.name;
        let begin = self.0.begin();
        let begun = async {
            let Some(begin) = begin else { return step.await };
            // One journey for both: BEGIN goes out first, and the statement does not wait for its answer.
            let (begun, answer) = tokio::join!(biased; self.client().batch_execute(&begin), step);
            begun.and(answer)
        };
        let answer = match tokio::time::timeout(self.0.answer_limit, begun).await {
            Ok(answer) => answer.map_err(|error| StoreError::from_postgres(name, &error)),
            Err(_) => Err(StoreError::silent(name, self.0.answer_limit)),
        };
        match &answer {
            Err(StoreError::Unreachable { .. }) => self.0.unreachable.store(true, Ordering::Relaxed),
            _ => self.0.heard.store(true, Ordering::Relaxed),
        }
        if let Err(error) = &answer {
            self.0.failed.store(true, Ordering::Relaxed);
            let conflict = matches!(error, StoreError::Conflict { .. });
            self.0.conflicted.fetch_or(conflict, Ordering::Relaxed);
        }
        answer
    }

    fn client(&self) -> &Object {
        self.0
            .client
            .as_ref()
            .expect("the connection is held until the transaction is dropped")
    }

    fn refuse_after_failure(&self) -> Result<(), StoreError> {
        if self.0.failed.load(Ordering::Relaxed) {
            return Err(StoreError::Other {
                during: self.0.name,
                code: "25P02".to_owned(),
                reason: "a statement failed and the transaction went on as if it had not".to_owned(),
            });
        }
        Ok(())
    }

    async fn commit(&self) -> Result<(), StoreError> {
        self.refuse_after_failure()?;
        if self.0.alone || self.0.begin().is_some() {
            // Nothing was asked, or nothing can have changed, so there is nothing to commit.
            self.0.finished.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let answer = self.batch("COMMIT").await;
        match answer {
            Err(StoreError::Unreachable { during, reason }) => Err(StoreError::AnswerLost { during, reason }),
            answer => {
                self.0.finished.store(true, Ordering::Relaxed);
                answer
            }
        }
    }

    async fn roll_back(&self) {
        if self.0.finished.load(Ordering::Relaxed) {
            return;
        }
        // When this fails too the connection is closed on drop, which rolls back as well.
        if self.0.alone || self.0.begin().is_some() || self.batch("ROLLBACK").await.is_ok() {
            self.0.finished.store(true, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tx({})", self.0.name)
    }
}
