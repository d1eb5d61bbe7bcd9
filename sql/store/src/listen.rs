//! Hearing from the database that something changed (`LISTEN`): the one thing that comes unasked.

use std::{future::poll_fn, time::Duration};

use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, NoTls};
use tracing::debug;

use crate::{Door, StoreError, cluster::quoted};

/// A message that came on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub channel: String,
    /// What was said; may be empty.
    pub payload: String,
}

/// An open ear: one connection of its own, closed when this is dropped.
#[derive(Debug)]
pub struct Ear {
    heard: mpsc::Receiver<Heard>,
    _client: tokio_postgres::Client,
}

impl Ear {
    /// Listens on `channels` of the database behind `door`.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be reached.
    pub async fn open(door: &Door, channels: &[&str]) -> Result<Self, StoreError> {
        const NAME: &str = "listen";
        let mut config = door.client_config();
        // Nothing is asked on this connection, so nothing may time out on it.
        config.options("-c timezone=UTC");
        let (client, mut connection) = tokio::time::timeout(door.connect_limit, config.connect(NoTls))
            .await
            .map_err(|_| StoreError::silent(NAME, door.connect_limit))?
            .map_err(|error| StoreError::from_postgres(NAME, &error))?;
        // Bounded: who does not listen for a while hears of a change once, not of each one.
        let (say, heard) = mpsc::channel(64);
        tokio::spawn(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(AsyncMessage::Notification(note)) => {
                        let heard = Heard {
                            channel: note.channel().to_owned(),
                            payload: note.payload().to_owned(),
                        };
                        if let Err(mpsc::error::TrySendError::Closed(_)) = say.try_send(heard) {
                            break;
                        }
                    }
                    Ok(_) => {}
                    Err(error) => {
                        debug!(%error, "the ear's connection ended");
                        break;
                    }
                }
            }
        });
        let listen: String = channels
            .iter()
            .map(|channel| format!("LISTEN {};", quoted(channel)))
            .collect();
        tokio::time::timeout(door.answer_limit, client.batch_execute(&listen))
            .await
            .map_err(|_| StoreError::silent(NAME, door.answer_limit))?
            .map_err(|error| StoreError::from_postgres(NAME, &error))?;
        Ok(Self { heard, _client: client })
    }

    /// The next message; `None` when the connection ended: open another ear, and look for yourself what changed
    /// meanwhile.
    pub async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// As [`Ear::next`], waiting at most `limit`.
    ///
    /// # Errors
    /// Nothing was heard in that time.
    pub async fn next_within(&mut self, limit: Duration) -> Result<Option<Heard>, tokio::time::error::Elapsed> {
        tokio::time::timeout(limit, self.next()).await
    }
}
