//! Mail by SMTP to the operator's relay: the one place that opens such connections.
//!
//! Knows TLS, time limits, and what a relay's refusal means. It knows nothing of what a letter says. What a relay
//! answers may hold addresses, so only its code is kept.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{Date, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::domain::clock::Micros;

/// How the connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// TLS is asked for on the open connection (RFC 3207); without it nothing is sent.
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// None: only to a relay on this machine.
    None,
}

/// The relay that takes mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// Its name or address; empty: no mail is sent.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// A file of certificates (PEM) that are trusted besides the public ones; empty: none.
    pub ca_file: PathBuf,
    /// The user at the relay; empty: none is asked for.
    pub user: String,
    /// The user's password.
    pub password: SecretString,
    /// The sender's address.
    pub from: String,
    /// Time to connect, milliseconds; the outbox bounds the whole try.
    pub timeout_ms: u64,
}

/// One letter.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The receiver's address.
    pub to: String,
    /// The sender's name.
    pub sender: String,
    /// The subject.
    pub subject: String,
    /// The language of the text, BCP 47.
    pub language: &'static str,
    /// The text.
    pub text: String,
    /// The left half of the `Message-ID`: the same at each try, so that a repeat can be told.
    pub id: String,
    /// When it was written.
    pub written_at: Micros,
}

/// Why a letter was not taken. No part of it holds an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    /// The relay refused it for good, with this code (RFC 5321, section 4.2.1).
    #[error("refused_{0}")]
    Refused(u16),
    /// The relay refused it for now, with this code.
    #[error("deferred_{0}")]
    Deferred(u16),
    /// The relay refuses us: no or wrong credentials.
    #[error("relay_login_{0}")]
    Login(u16),
    /// The relay cannot be reached, or the connection broke.
    #[error("relay_unreachable")]
    Unreachable,
    /// The relay's certificate is not trusted, or TLS failed otherwise.
    #[error("relay_not_trusted")]
    NotTrusted,
    /// The relay cannot do what is needed: TLS, a way to log in, the letter's characters.
    #[error("relay_unfit")]
    Unfit,
    /// It took longer than it may.
    #[error("timeout")]
    Timeout,
    /// The receiver's address is none.
    #[error("address_invalid")]
    Address,
}

impl MailFault {
    /// Whether another try would end the same way.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Refused(_) | Self::Address)
    }
}

/// Why mail cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MailBuildError {
    /// The sender is no address.
    #[error("`mail.from` is not an e-mail address\nhint: write it as `name@host`, without a display name")]
    From,
    /// The certificates cannot be read.
    #[error("cannot read the certificates in `{path}`: {reason}\nhint: `mail.ca_file` must be a PEM file")]
    Certificates {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// TLS cannot be set up.
    #[error("TLS to the mail relay cannot be set up: {0}")]
    Tls(String),
}

/// The way to the relay; keeps a few connections open.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
}

impl Mailer {
    /// A way to this relay. Nothing is connected yet.
    ///
    /// # Errors
    /// [`MailBuildError`].
    pub fn new(settings: &MailSettings) -> Result<Self, MailBuildError> {
        let from: Address = settings.from.parse().map_err(|_| MailBuildError::From)?;
        let parameters = || parameters(&settings.host, &settings.ca_file);
        let tls = match settings.tls {
            MailTls::Starttls => Tls::Required(parameters()?),
            MailTls::Implicit => Tls::Wrapper(parameters()?),
            MailTls::None => Tls::None,
        };
        let pool = PoolConfig::new().max_size(4).idle_timeout(Duration::from_secs(20));
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(Duration::from_millis(settings.timeout_ms)))
            .hello_name(ClientId::Domain(from.domain().to_owned()))
            .pool_config(pool);
        if !settings.user.is_empty() {
            let password = settings.password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(settings.user.clone(), password));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Hands a letter to the relay, once.
    ///
    /// # Errors
    /// [`MailFault`]. After a broken connection or a time-out the relay may have taken it all the same.
    pub async fn send(&self, letter: &Letter) -> Result<(), MailFault> {
        let message = self.message(letter)?;
        self.transport.send(message).await.map(|_| ()).map_err(|error| fault(&error))
    }

    fn message(&self, letter: &Letter) -> Result<Message, MailFault> {
        let to: Address = letter.to.parse().map_err(|_| MailFault::Address)?;
        // Said here and not read back from the header, whose parser knows fewer addresses than there are.
        let envelope = Envelope::new(Some(self.from.clone()), vec![to.clone()]).map_err(|_| MailFault::Address)?;
        let seconds = u64::try_from(letter.written_at.unix_seconds()).unwrap_or(0);
        Message::builder()
            .from(Mailbox::new(Some(one_line(&letter.sender)), self.from.clone()))
            .to(Mailbox::new(None, to))
            .envelope(envelope)
            .subject(one_line(&letter.subject))
            .header(Date::new(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.domain())))
            // No vacation notice answers this (RFC 3834, section 5).
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .raw_header(raw("Content-Language", letter.language))
            .singlepart(SinglePart::plain(letter.text.clone()))
            .map_err(|_| MailFault::Address)
    }
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The text without line ends and other control characters: a header field ends at a line end.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn parameters(host: &str, ca_file: &Path) -> Result<TlsParameters, MailBuildError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if !ca_file.as_os_str().is_empty() {
        let unreadable = |reason: String| MailBuildError::Certificates { path: ca_file.display().to_string(), reason };
        let pem = std::fs::read(ca_file).map_err(|error| unreadable(error.to_string()))?;
        builder =
            builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unreadable(error.to_string()))?);
    }
    builder.build().map_err(|error| MailBuildError::Tls(error.to_string()))
}

fn fault(error: &lettre::transport::smtp::Error) -> MailFault {
    if let Some(code) = error.status() {
        let code = u16::from(code);
        return match code {
            530 | 534 | 535 | 538 => MailFault::Login(code),
            500.. => MailFault::Refused(code),
            _ => MailFault::Deferred(code),
        };
    }
    if error.is_timeout() {
        MailFault::Timeout
    } else if error.is_tls() || is_certificate(error) {
        MailFault::NotTrusted
    } else if error.is_client() {
        MailFault::Unfit
    } else {
        MailFault::Unreachable
    }
}

/// Whether the handshake failed; the connection reports it as an error of its own.
fn is_certificate(error: &lettre::transport::smtp::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let wrapped = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if cause.is::<rustls::Error>() || wrapped.is_some() {
            return true;
        }
        source = cause.source();
    }
    false
}
