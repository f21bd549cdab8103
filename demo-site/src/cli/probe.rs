//! `demo-site probe`: whether the site that runs with these settings answers.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use toolcrib::Settings;

use super::Failure;

/// How long each step of the question may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the site at the address that it listens on. Fails unless it answers 200.
///
/// A container has no other program to ask with.
pub(super) fn probe(settings: &Settings, path: &str) -> Result<(), Failure> {
    let server = &settings.server;
    let line = status_line(&to_be_reached(&server.host), server.port, path)
        .map_err(|error| format!("{}:{} does not answer: {error}", server.host, server.port))?;
    if line.split(' ').nth(1) == Some("200") { Ok(()) } else { Err(format!("{path} is answered {line:?}").into()) }
}

fn status_line(host: &str, port: u16, path: &str) -> std::io::Result<String> {
    let address = (host, port).to_socket_addrs()?.next().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    write!(connection, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    // The first line is short; the rest says nothing that the status does not.
    connection.take(512).read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// "Every address of this machine" cannot be connected to everywhere.
fn to_be_reached(host: &str) -> String {
    match host {
        "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" | "[::]" => "::1".to_owned(),
        host => host.to_owned(),
    }
}
