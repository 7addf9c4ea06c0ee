//! curl as a client that uses TLS, and the certificates of one run.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use url::form_urlencoded;

use crate::{calls, servers};

/// The certificate that tokens are bound to.
pub(crate) const OWNER: &str = "owner";
/// Another client's certificate, of the same authority.
pub(crate) const OTHER: &str = "other";

/// The name under which clients know the API.
const HOST: &str = "api.example";

/// How long a server may take until it answers.
const READY: Duration = Duration::from_secs(30);

/// A client of the API at a port of this machine. Its folder has all certificates and keys.
pub(crate) struct Client {
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
    identities: Vec<Identity>,
}

/// A client certificate.
pub(crate) struct Identity {
    name: &'static str,
    certificate: rcgen::Certificate,
}

impl Client {
    /// Makes an authority, the certificate of the site, and those of two clients.
    pub(crate) fn new(port: u16) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let file = |name: &str| folder.path().join(name);
        fs::write(file("clients.crt"), params.self_signed(&key)?.pem())?;
        let authority = Issuer::new(params, key);
        let issue = |name: &str, host: &str| -> anyhow::Result<rcgen::Certificate> {
            let key = KeyPair::generate()?;
            let mut params = CertificateParams::new([host.to_owned()])?;
            params.distinguished_name.push(DnType::CommonName, name);
            let certificate = params.signed_by(&key, &authority)?;
            fs::write(file(&format!("{name}.crt")), certificate.pem())?;
            fs::write(file(&format!("{name}.key")), key.serialize_pem())?;
            let both = certificate.pem() + &key.serialize_pem();
            fs::write(file(&format!("{name}.pem")), both)?;
            Ok(certificate)
        };
        issue("site", HOST)?;
        let mut identities = Vec::new();
        for name in [OWNER, OTHER] {
            let certificate = issue(name, name)?;
            identities.push(Identity { name, certificate });
        }
        Ok(Self {
            folder,
            port,
            identities,
        })
    }

    /// The address of the API for clients.
    pub(crate) fn base_url(&self) -> String {
        format!("https://{HOST}:{}", self.port)
    }

    pub(crate) fn identity(&self, name: &str) -> anyhow::Result<&Identity> {
        let mut identities = self.identities.iter();
        let identity = identities.find(|it| it.name == name);
        identity.with_context(|| format!("there is no certificate {name}"))
    }

    /// Sends a request on a connection of its own, and returns the answer with its header fields.
    pub(crate) fn get(
        &self,
        path: &str,
        certificate: Option<&str>,
        fields: &[String],
    ) -> anyhow::Result<String> {
        let mut curl = Command::new("curl");
        curl.current_dir(self.folder.path())
            .args(["--silent", "--show-error", "--include", "--max-time", "30"])
            .args(["--noproxy", "*", "--cacert", "clients.crt", "--resolve"])
            .arg(format!("{HOST}:{}:127.0.0.1", self.port));
        if let Some(name) = certificate {
            curl.args(["--cert", &format!("{name}.pem")]);
        }
        for field in fields {
            curl.args(["--header", field]);
        }
        curl.arg(format!("{}{path}", self.base_url()));
        calls::output_of("curl", curl)
    }

    /// Sends the request twice, the second time on a connection that offers to resume the session of
    /// the first.
    pub(crate) fn get_resumed(
        &self,
        path: &str,
        certificate: &str,
        fields: &[String],
    ) -> anyhow::Result<String> {
        let mut python = Command::new("python3");
        python
            .current_dir(self.folder.path())
            .arg(servers::scripts().join("resume.py"))
            .args([HOST, &self.port.to_string(), path, "clients.crt"])
            .arg(format!("{certificate}.pem"))
            .args(fields);
        calls::output_of("resume.py", python)
    }

    /// Waits until `path` is answered with 200. `log` is what the server has to say meanwhile, or an error
    /// if it has ended.
    pub(crate) fn wait_for(
        &self,
        path: &str,
        mut log: impl FnMut() -> anyhow::Result<String>,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY;
        loop {
            let answer = match self.get(path, None, &[]) {
                Ok(answer) if answer.split(' ').nth(1) == Some("200") => return Ok(()),
                Ok(answer) => answer,
                Err(error) => error.to_string(),
            };
            let log = log()?;
            ensure!(
                Instant::now() < deadline,
                "not ready: {answer}; its log:\n{log}"
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Identity {
    /// As a token names it (RFC 8705 section 3.1).
    pub(crate) fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.certificate.der()))
    }

    pub(crate) fn der_base64(&self) -> String {
        STANDARD.encode(self.certificate.der())
    }

    pub(crate) fn sha256_hex(&self) -> String {
        let digest = Sha256::digest(self.certificate.der());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn percent_encoded_pem(&self) -> String {
        let pem = self.certificate.pem();
        let encoded = form_urlencoded::byte_serialize(pem.as_bytes());
        encoded.collect::<String>().replace('+', "%20")
    }

    pub(crate) fn percent_encoded_base64(&self) -> String {
        form_urlencoded::byte_serialize(self.der_base64().as_bytes()).collect()
    }
}

/// A status, and the error code of the challenge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected(pub(crate) u16, pub(crate) Option<&'static str>);

impl Expected {
    /// How an answer of [`Client::get`] differs.
    pub(crate) fn problem(self, answer: &str) -> Option<String> {
        let Self(status, error) = self;
        let found = answer.split(' ').nth(1).unwrap_or_default();
        let code = error.map(|it| format!("error=\"{it}\""));
        let is_expected =
            found == status.to_string() && code.as_ref().is_none_or(|it| answer.contains(it));
        (!is_expected).then(|| {
            let code = code.unwrap_or_default();
            format!("answered {found}, expected {status} {code}")
        })
    }
}
