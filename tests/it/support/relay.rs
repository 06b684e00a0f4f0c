//! A real mail server of a test's own, as a process on a port of its own; it keeps what it takes.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

const HINT: &str = "hint: run ./scripts/test, which installs aiosmtpd and openssl";
/// The pause between two looks at the port.
const LOOK: Duration = Duration::from_millis(20);
/// After so many looks the server counts as broken.
const LOOKS: u32 = 1_500;
/// The server's own rules: whoever is called `nobody` is refused for good, `later` for now, and `slow` has
/// to wait.
const RULES: &str = r"
import asyncio, email, email.policy, json, os
class Rules:
    def __init__(self, folder):
        self.folder = folder
    @classmethod
    def from_cli(cls, parser, *args):
        return cls(args[0])
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('nobody@'):
            return '550 5.1.1 ' + address + ' is unknown here'
        if address.startswith('later@'):
            return '451 4.7.1 ' + address + ' come back later'
        if address.startswith('slow@'):
            await asyncio.sleep(2)
        envelope.rcpt_tos.append(address)
        return '250 OK'
    async def handle_DATA(self, server, session, envelope):
        parsed = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        kept = {'to': envelope.rcpt_tos, 'from': envelope.mail_from, 'tls': session.ssl is not None,
                'headers': [[name, str(value)] for name, value in parsed.items()],
                'text': parsed.get_content(), 'raw': envelope.original_content.decode('ascii')}
        number = len(os.listdir(self.folder))
        path = os.path.join(self.folder, '%04d' % number)
        with open(path + '.part', 'w') as file:
            json.dump(kept, file)
        os.rename(path + '.part', path)
        return '250 OK'
";

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The server; ended by its id when the test ends.
pub(crate) struct Relay {
    child: Child,
    kept: PathBuf,
    _folder: TempDir,
}

/// A certificate for 127.0.0.1 and the authority that signed it.
pub(crate) struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Fresh ones.
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Self { folder };
        std::fs::write(made.path("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        made.openssl(
            &[
                &["req", "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"],
                &key[..],
            ]
            .concat(),
        );
        made.openssl(&[&["req", "-subj", "/CN=relay", "-keyout", "relay.key", "-out", "relay.csr"], &key[..]].concat());
        made.openssl(&[
            "x509",
            "-req",
            "-days",
            "2",
            "-in",
            "relay.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            "names",
            "-out",
            "relay.pem",
        ]);
        made
    }

    fn openssl(&self, arguments: &[&str]) {
        let run = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output();
        let run = run.unwrap_or_else(|error| panic!("openssl does not start: {error}\n{HINT}"));
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    }

    /// The path of `ca.pem`, `relay.pem` or `relay.key`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Relay {
    /// Starts one on this port, without TLS.
    pub(crate) fn start(port: u16) -> Self {
        Self::launch(port, &[])
    }

    /// Starts one on this port that takes nothing before STARTTLS.
    pub(crate) fn with_starttls(port: u16, certificates: &Certificates) -> Self {
        let path = |name| certificates.path(name).display().to_string();
        Self::launch(port, &["--tlscert".to_owned(), path("relay.pem"), "--tlskey".to_owned(), path("relay.key")])
    }

    fn launch(port: u16, tls: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        std::fs::create_dir(&kept).unwrap();
        std::fs::write(folder.path().join("rules.py"), RULES).unwrap();
        let child = Command::new("aiosmtpd")
            .args(["-n", "-c", "rules.Rules", "-l", &format!("127.0.0.1:{port}")])
            .args(tls)
            .arg(&kept)
            .env("PYTHONPATH", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("aiosmtpd does not start: {error}\n{HINT}"));
        let relay = Self { child, kept, _folder: folder };
        let mut looks = 0..LOOKS;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(looks.next().is_some(), "aiosmtpd does not listen");
            std::thread::sleep(LOOK);
        }
        relay
    }

    /// What it took, oldest first.
    pub(crate) fn letters(&self) -> Vec<Taken> {
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(&self.kept).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_none());
        paths.sort();
        paths.iter().map(|path| Taken::read(path)).collect()
    }

    /// The only letter it took.
    pub(crate) fn letter(&self) -> Taken {
        let mut letters = self.letters();
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A letter as the server took it.
#[derive(Debug)]
pub(crate) struct Taken(Value);

impl Taken {
    fn read(path: &Path) -> Self {
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    /// Every value of a header, decoded.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let all = self.0["headers"].as_array().unwrap().iter();
        let named = all.filter(|header| header[0].as_str().unwrap().eq_ignore_ascii_case(name));
        named.map(|header| header[1].as_str().unwrap()).collect()
    }

    /// The one value of a header, decoded.
    pub(crate) fn header(&self, name: &str) -> &str {
        let values = self.headers(name);
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        values[0]
    }

    /// The text, decoded.
    pub(crate) fn text(&self) -> &str {
        self.0["text"].as_str().unwrap()
    }

    /// The bytes as they came.
    pub(crate) fn raw(&self) -> &str {
        self.0["raw"].as_str().unwrap()
    }

    /// To whom it was sent.
    pub(crate) fn to(&self) -> &str {
        self.0["to"][0].as_str().unwrap()
    }

    /// Whether the connection was encrypted.
    pub(crate) fn by_tls(&self) -> bool {
        self.0["tls"].as_bool().unwrap()
    }
}
