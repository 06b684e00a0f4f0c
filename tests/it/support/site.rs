//! A merchant's site on a port of its own: pages that a test writes, and what was posted to it. The same server is
//! another origin under its other name: `localhost` and `127.0.0.1`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The site. Its thread ends with the test's process.
pub(crate) struct Site {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    pages: BTreeMap<String, String>,
    posted: Vec<String>,
}

impl Site {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(State::default())));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // A connection that breaks is the browser's business.
                std::thread::spawn(move || drop(serve(connection, &state)));
            }
        });
        Self { port, state }
    }

    /// The address of a path at the merchant's registered origin.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// The same path at an origin that is not registered.
    pub(crate) fn elsewhere(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Shows this at a path.
    pub(crate) fn page(&self, path: &str, body: &str) {
        let page = format!("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Shop</title>{body}");
        self.state.lock().unwrap().pages.insert(path.to_owned(), page);
    }

    /// What was posted, oldest first.
    pub(crate) fn posted(&self) -> Vec<String> {
        self.state.lock().unwrap().posted.clone()
    }
}

fn serve(mut connection: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line)?;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = line.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let page = {
        let mut state = state.lock().unwrap();
        if line.starts_with("POST") {
            state.posted.push(String::from_utf8_lossy(&body).into_owned());
        }
        state.pages.get(path).cloned()
    };
    // A form that is posted where there is no page is taken without a word: the browser stays where it is.
    let nothing = if line.starts_with("POST") { 204 } else { 404 };
    let (status, page) = page.map_or((nothing, String::new()), |page| (200, page));
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", page.len()) };
    write!(connection, "HTTP/1.1 {status} Said\r\ncontent-type: text/html\r\n{length}connection: close\r\n\r\n{page}")
}
