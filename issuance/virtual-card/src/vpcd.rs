//! vpcd's protocol, the card's end: messages of two length bytes and content over TCP. A message of one byte is
//! about power, a longer one is a command APDU (vsmartcard, "Virtual Smart Card API").

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

/// What the reader sends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Power off, power on, or reset: the chip forgets the same each time.
    Power,
    /// The answer to reset is wanted.
    AnswerToReset,
    Command(Vec<u8>),
}

/// A card's connection to one of vpcd's readers. Closing it is taking the card out.
pub(crate) struct Connection(TcpStream);

impl Connection {
    /// Puts a card into the reader that listens at `address`.
    pub(crate) fn open(address: &str) -> io::Result<Self> {
        let address = address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::Error::other("the address names no host"))?;
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// A second handle, to close the connection while another thread waits in [`Self::receive`].
    pub(crate) fn handle(&self) -> io::Result<TcpStream> {
        self.0.try_clone()
    }

    /// The reader's next message.
    pub(crate) fn receive(&mut self) -> io::Result<Message> {
        // vpcd writes length and content in two pieces and does not switch Nagle's algorithm off: the second waits
        // for our acknowledgement of the first, which Linux delays by 40 ms unless asked anew before every read.
        rustix::net::sockopt::set_tcp_quickack(&self.0, true)?;
        let mut length = [0; 2];
        self.0.read_exact(&mut length)?;
        let mut content = vec![0; usize::from(u16::from_be_bytes(length))];
        rustix::net::sockopt::set_tcp_quickack(&self.0, true)?;
        self.0.read_exact(&mut content)?;
        match content[..] {
            [0..=2] => Ok(Message::Power),
            [4] => Ok(Message::AnswerToReset),
            [] | [_] => Err(io::Error::new(io::ErrorKind::InvalidData, "not vpcd's protocol")),
            _ => Ok(Message::Command(content)),
        }
    }

    /// Answers the last message.
    pub(crate) fn send(&mut self, answer: &[u8]) -> io::Result<()> {
        let length = u16::try_from(answer.len()).map_err(|_| io::Error::other("an answer longer than 64 KiB"))?;
        self.0.write_all(&[&length.to_be_bytes()[..], answer].concat())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_readers_messages_are_understood_and_strangers_are_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let reader = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(&[0, 1, 1, 0, 1, 4, 0, 5, 0, 0xa4, 0, 0, 0]).unwrap();
            let mut answer = [0; 4];
            stream.read_exact(&mut answer).unwrap();
            stream.write_all(&[0, 1, 9]).unwrap();
            answer
        });
        let mut card = Connection::open(&address).unwrap();
        assert_eq!(card.receive().unwrap(), Message::Power);
        assert_eq!(card.receive().unwrap(), Message::AnswerToReset);
        assert_eq!(card.receive().unwrap(), Message::Command(vec![0, 0xa4, 0, 0, 0]));
        card.send(&[0x90, 0]).unwrap();
        assert_eq!(card.receive().unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(reader.join().unwrap(), [0, 2, 0x90, 0]);
        assert!(card.receive().is_err());
    }
}
