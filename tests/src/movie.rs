//! A movie with the ElectroServer 3 class, as far as the server sees one: a raw socket, packets
//! written as the class writes them, and everything received read with a model of its parser.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, anyhow, bail, ensure};
use testkit::movie::{Packet, see};
use tokio::net::TcpSocket;

use crate::client;
use crate::wait::SOON;

/// One movie.
#[derive(Debug)]
pub struct Movie {
    stream: TcpStream,
    /// Bytes of a packet that is not complete.
    bytes: Vec<u8>,
    packets: VecDeque<Packet>,
    /// The actions of everything received, in order.
    pub actions: Vec<String>,
}

impl Movie {
    /// Opens a socket and says nothing.
    ///
    /// # Errors
    ///
    /// The server does not listen.
    pub fn open(server: SocketAddr) -> Result<Self> {
        Self::over(TcpStream::connect_timeout(&server, SOON)?)
    }

    /// As [`Movie::open`], from another address of this machine.
    ///
    /// # Errors
    ///
    /// The server does not listen, or this machine does not have the address.
    pub fn open_from(address: [u8; 4], server: SocketAddr) -> Result<Self> {
        let stream = client::run(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((address, 0).into())?;
            Ok(socket.connect(server).await?.into_std()?)
        })?;
        stream.set_nonblocking(false)?;
        Self::over(stream)
    }

    fn over(stream: TcpStream) -> Result<Self> {
        stream.set_read_timeout(Some(SOON))?;
        stream.set_write_timeout(Some(SOON))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            bytes: Vec::new(),
            packets: VecDeque::new(),
            actions: Vec::new(),
        })
    }

    /// Opens a socket and waits for the greeting.
    ///
    /// # Errors
    ///
    /// The server does not greet.
    pub fn greeted(server: SocketAddr) -> Result<Self> {
        let mut movie = Self::open(server)?;
        movie.wait_for_greeting()?;
        Ok(movie)
    }

    /// Waits until the server greets.
    ///
    /// # Errors
    ///
    /// It does not, or with a refusal.
    pub fn wait_for_greeting(&mut self) -> Result<()> {
        let greeting = self.packet("ConnectionResponse")?;
        let result = greeting.parameters.text("Result");
        ensure!(
            result.as_deref() == Some("Accepted"),
            "greeted {greeting:?}"
        );
        Ok(())
    }

    /// Opens a socket and logs in.
    ///
    /// # Errors
    ///
    /// The server does not greet, or not let in.
    pub fn logged_in(server: SocketAddr, name: &str, password: &str) -> Result<Self> {
        let mut movie = Self::greeted(server)?;
        let answer = movie.log_in(name, password)?;
        let result = answer.parameters.text("Result");
        ensure!(result.as_deref() == Some("Accepted"), "{name}: {answer:?}");
        Ok(movie)
    }

    /// Asks to log in, and gives the answer.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn log_in(&mut self, name: &str, password: &str) -> Result<Packet> {
        let login = format!(
            "<Name>{name}</Name><Password>{password}</Password><UserVariables></UserVariables>"
        );
        self.send("Login", &login)?;
        self.packet("LoginResponse")
    }

    /// Makes a room with these attributes and children, or comes into it.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    pub fn create_room(
        &mut self,
        zone: &str,
        name: &str,
        attributes: &str,
        rest: &str,
    ) -> Result<()> {
        let room = format!(
            "<Zone><Name>{zone}</Name><Room {attributes}><Name>{name}</Name><Password></Password>\
             <Description><![CDATA[about {name}]]></Description><Capacity>-1</Capacity>{rest}\
             </Room></Zone>"
        );
        self.send("CreateRoom", &room)
    }

    /// Asks to come into a room.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    pub fn join(&mut self, zone: &str, name: &str, password: &str) -> Result<()> {
        let room = format!(
            "<Zone><Name>{zone}</Name><Room><Name>{name}</Name><Password>{password}</Password>\
             <Numbered>true</Numbered></Room></Zone>"
        );
        self.send("JoinRoom", &room)
    }

    /// Waits for the answer that one is in a room.
    ///
    /// # Errors
    ///
    /// One is not.
    pub fn joined(&mut self) -> Result<Packet> {
        let answer = self.packet("JoinRoom")?;
        let result = answer.parameters.text("Result");
        ensure!(
            result.as_deref() == Some("Success"),
            "not joined: {answer:?}"
        );
        Ok(answer)
    }

    /// Says something to the room.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    pub fn say(&mut self, text: &str) -> Result<()> {
        let message = format!("<Message><![CDATA[{text}]]></Message><Variables />");
        self.send("SendPublicMessage", &message)
    }

    /// Sends a packet.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    pub fn send(&mut self, action: &str, parameters: &str) -> Result<()> {
        self.send_bytes(packet(action, parameters).as_bytes())
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// The next packet of this action; others before it are dropped.
    ///
    /// # Errors
    ///
    /// None comes in time, or something comes that the class would misread.
    pub fn packet(&mut self, action: &str) -> Result<Packet> {
        self.packet_where(action, |_| true)
    }

    /// The next packet of this action that fits; others before it are dropped.
    ///
    /// # Errors
    ///
    /// None comes in time, or something comes that the class would misread.
    pub fn packet_where(&mut self, action: &str, fits: impl Fn(&Packet) -> bool) -> Result<Packet> {
        let wanted = action.to_lowercase();
        loop {
            while let Some(packet) = self.packets.pop_front() {
                if packet.action == wanted && fits(&packet) {
                    return Ok(packet);
                }
            }
            if !self
                .read()
                .with_context(|| format!("waiting for {action}"))?
            {
                bail!("closed instead of {action}; before it {:?}", self.actions);
            }
        }
    }

    /// The next public or private message: who said what.
    ///
    /// # Errors
    ///
    /// None comes in time.
    pub fn message(&mut self, action: &str) -> Result<(String, String)> {
        let packet = self.packet(action)?;
        let text = |name| {
            packet
                .parameters
                .text(name)
                .context("a message lacks something")
        };
        Ok((text("User")?, text("Message")?))
    }

    /// Reads to the end of the connection, and gives the packets that came before it.
    ///
    /// # Errors
    ///
    /// It does not end in time.
    pub fn closed(&mut self) -> Result<Vec<Packet>> {
        while self.read().context("waiting for the end")? {}
        ensure!(self.bytes.is_empty(), "half a packet before the end");
        Ok(self.packets.drain(..).collect())
    }

    /// Reads the rest of the connection as it is.
    ///
    /// # Errors
    ///
    /// It does not end in time.
    pub fn rest(&mut self) -> Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest)?;
        Ok(rest)
    }

    /// Reads some; false at the end.
    fn read(&mut self) -> Result<bool> {
        let mut buffer = [0; 16 << 10];
        let count = match self.stream.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error.into()),
        };
        self.bytes.extend_from_slice(&buffer[..count]);
        while let Some(end) = self.bytes.iter().position(|&byte| byte == 0) {
            let packet: Vec<u8> = self.bytes.drain(..=end).collect();
            let packet = understood(&packet[..end])?;
            self.actions.push(packet.action.clone());
            self.packets.push_back(packet);
        }
        Ok(count > 0)
    }
}

/// A packet with its zero byte.
pub fn packet(action: &str, parameters: &str) -> String {
    format!("<XmlDoc><Action>{action}</Action><Parameters>{parameters}</Parameters></XmlDoc>\0")
}

/// What the class makes of a packet.
///
/// # Errors
///
/// It would misread it.
pub fn understood(packet: &[u8]) -> Result<Packet> {
    let text = std::str::from_utf8(packet)?;
    ensure!(!text.is_empty(), "an empty frame");
    see(text).map_err(|why| anyhow!("{why}: {text}"))
}
