use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

const PAGE: &str = include_str!("../templates/page.html");
const STYLE: &str = include_str!("../assets/app.css");

fn main() {
    if let Ok(settings) = std::fs::read_to_string("toolcrib.toml") {
        eprintln!("unknown setting {}", settings.split('"').nth(1).unwrap_or_default());
        std::process::exit(3);
    }
    let variable = |name: &str| std::env::var(name).expect("set by the loop");
    let port: u16 = variable("TOOLCRIB_SERVER__PORT").parse().expect("a port");
    let listener = TcpListener::bind((variable("TOOLCRIB_SERVER__HOST"), port)).expect("the port");
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || answer(stream, port));
    }
}

fn version() -> &'static str {
    PAGE.split("<body>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default()
}

fn answer(stream: TcpStream, port: u16) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).unwrap_or_default();
    while reader.read_line(&mut line).is_ok_and(|count| count > 2) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap_or_default();
    let (kind, text) = match first.split(' ').nth(1).unwrap_or_default() {
        "/" => ("text/html; charset=utf-8", PAGE.to_owned()),
        "/fragment" => ("text/html", "<p>no head</p>".to_owned()),
        "/plain" => ("text/plain", "<html><head></head></html>".to_owned()),
        "/assets/app.css" => ("text/css", STYLE.to_owned()),
        "/echo" => ("text/plain", format!("{} to {}", String::from_utf8_lossy(&body), version())),
        "/port" => ("text/plain", port.to_string()),
        "/arguments" => {
            let given: Vec<String> = std::env::args().skip(1).collect();
            let profile = std::env::var("TOOLCRIB_PROFILE").unwrap_or_default();
            ("text/plain", format!("{}, {profile}", given.join(" ")))
        }
        "/slow" => {
            std::fs::write("slow.log", "").expect("the file");
            while !std::path::Path::new("go.log").exists() {
                std::thread::yield_now();
            }
            ("text/plain", format!("slow of {}", version()))
        }
        "/stream" => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n";
            reader.get_mut().write_all(head.as_bytes()).unwrap_or_default();
            std::fs::write("stream.log", "").expect("the file");
            loop {
                std::thread::park();
            }
        }
        "/die" => {
            eprintln!("dying as asked");
            std::process::exit(4);
        }
        _ => ("text/plain", "ready".to_owned()),
    };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", text.len());
    let stream = reader.get_mut();
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()));
}
