//! Just enough HTTP to ask the server for a page.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, bail};

use crate::wait::SOON;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body, without the framing it came in.
    pub body: String,
}

/// Asks for a path and reads the whole answer.
///
/// # Errors
///
/// No answer in time, or none that is HTTP.
pub fn get(server: SocketAddr, path: &str) -> Result<Response> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    let answer = exchange(server, request.as_bytes())?;
    parse(&answer).with_context(|| format!("GET {path}: {}", String::from_utf8_lossy(&answer)))
}

/// Sends bytes to a port and reads until the other side closes.
///
/// # Errors
///
/// The connection cannot be made, or is not closed in time.
pub fn exchange(server: SocketAddr, request: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, SOON)?;
    stream.set_read_timeout(Some(SOON))?;
    stream.set_write_timeout(Some(SOON))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // A server that closes without having read everything resets the connection.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(answer),
        Err(error) => Err(error).context("the server neither answers nor closes"),
        Ok(_) => Ok(answer),
    }
}

/// Sends a request and reads the first line of the answer, for requests whose connection the
/// server may keep.
///
/// # Errors
///
/// No answer in time.
pub fn first_line(server: SocketAddr, request: &[u8]) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&server, SOON)?;
    stream.set_read_timeout(Some(SOON))?;
    stream.write_all(request)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line)
}

fn parse(answer: &[u8]) -> Result<Response> {
    let end = find(answer, b"\r\n\r\n").context("no end of the headers")?;
    let head = std::str::from_utf8(&answer[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .context("no status")?;
    let pairs = lines.filter_map(|line| line.split_once(':'));
    let headers: BTreeMap<_, _> = pairs
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let raw = &answer[end + 4..];
    let chunked = headers
        .get("transfer-encoding")
        .is_some_and(|value| value == "chunked");
    let body = if chunked { unchunk(raw)? } else { raw.to_vec() };
    Ok(Response {
        status: status.parse()?,
        headers,
        body: String::from_utf8(body)?,
    })
}

fn unchunk(mut raw: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(raw, b"\r\n").context("no chunk size")?;
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..end])?.trim(), 16)?;
        let (start, stop) = (end + 2, end + 2 + size);
        if raw.len() < stop + 2 {
            bail!("a chunk is cut short");
        }
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&raw[start..stop]);
        raw = &raw[stop + 2..];
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_framings_are_understood() {
        let plain = parse(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno").unwrap();
        assert_eq!((plain.status, plain.body.as_str()), (404, "no"));
        assert_eq!(plain.headers["content-length"], "2");
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(parse(chunked.as_bytes()).unwrap().body, "abcde");
    }
}
