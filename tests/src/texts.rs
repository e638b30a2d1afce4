//! A client of an XML port whose texts the server does not read: a socket, and frames.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, ensure};

use crate::wait::SOON;

/// One client.
#[derive(Debug)]
pub struct Texts {
    stream: TcpStream,
    /// Bytes of a text that is not complete.
    bytes: Vec<u8>,
}

impl Texts {
    /// Opens a socket and says nothing.
    ///
    /// # Errors
    ///
    /// The server does not listen.
    pub fn open(server: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&server, SOON)?;
        stream.set_read_timeout(Some(SOON))?;
        stream.set_write_timeout(Some(SOON))?;
        stream.set_nodelay(true)?;
        let bytes = Vec::new();
        Ok(Self { stream, bytes })
    }

    /// Sends a text.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    pub fn send(&mut self, text: &str) -> Result<()> {
        self.send_bytes(format!("{text}\0").as_bytes())
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// The bytes of the next text.
    ///
    /// # Errors
    ///
    /// None comes in time.
    pub fn next_bytes(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(end) = self.bytes.iter().position(|&byte| byte == 0) {
                let rest = self.bytes.split_off(end + 1);
                let mut text = std::mem::replace(&mut self.bytes, rest);
                text.pop();
                return Ok(text);
            }
            ensure!(self.read()?, "the server closed the connection");
        }
    }

    /// Waits for a text.
    ///
    /// # Errors
    ///
    /// Another comes, or none.
    pub fn expect(&mut self, text: &str) -> Result<()> {
        let found = String::from_utf8(self.next_bytes()?)?;
        ensure!(found == text, "{found:?} came, not {text:?}");
        Ok(())
    }

    /// Waits until the server has closed the connection, without a word.
    ///
    /// # Errors
    ///
    /// It does not, or says something.
    pub fn closed(&mut self) -> Result<()> {
        while self.read().context("waiting for the end")? {}
        let said = String::from_utf8_lossy(&self.bytes);
        ensure!(said.is_empty(), "{said:?} came before the end");
        Ok(())
    }

    /// Reads some; false at the end.
    fn read(&mut self) -> Result<bool> {
        let mut buffer = [0; 4096];
        let count = match self.stream.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error.into()),
        };
        self.bytes.extend_from_slice(&buffer[..count]);
        Ok(count > 0)
    }
}
