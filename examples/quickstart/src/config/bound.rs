//! Tokens that are bound to their sender: DPoP, client certificates, TLS.

use std::{fs, sync::Arc};

use authz_core::{
    AuthorizerBuilder, ClientCertificateHeader, Dpop, DpopProofs, Issuer, MutualTls, NonceKey,
    TrustedProxies,
};
use authz_rustls::{ClientAuth, TlsConfig, rustls::ServerConfig};

use super::{environment::Environment, value};
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Bound {
    dpop: Dpop,
    needs_nonces: bool,
    nonce_key: Option<NonceKey>,
    /// The address of the store that servers share. It may have a password in it.
    pub(crate) store_url: Option<String>,
    public_url: Option<String>,
    certificate_from: Option<(ClientCertificateHeader, TrustedProxies)>,
    mutual_tls: MutualTls,
    /// Serves https, if it is set.
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

impl Bound {
    pub(super) fn read(environment: &mut Environment) -> Result<Self, String> {
        const DPOP: [(&str, Dpop); 3] = [
            ("off", Dpop::Off),
            ("accepted", Dpop::Accepted),
            ("required", Dpop::Required),
        ];
        let dpop = environment.take("AUTHZ_DPOP", value::one_of(&DPOP))?;
        let nonces = environment.take("AUTHZ_DPOP_NONCE", value::one_of(&value::REQUIRED))?;
        let header = environment.take("AUTHZ_CLIENT_CERT_HEADER", value::certificate_header)?;
        let proxies = environment.take("AUTHZ_TRUSTED_PROXIES", |text| {
            TrustedProxies::new(text.split(',').map(str::trim))
        })?;
        if header.is_some() && proxies.is_none() {
            let warning = "AUTHZ_CLIENT_CERT_HEADER has no effect without AUTHZ_TRUSTED_PROXIES: \
                           no proxy is believed";
            environment.warnings.push(warning.to_owned());
        }
        let (tls, client_auth) = environment.tls()?;
        let is_open = header.is_some() || client_auth == ClientAuth::Optional;
        Ok(Self {
            dpop: dpop.unwrap_or_default(),
            needs_nonces: nonces.unwrap_or_default(),
            nonce_key: environment.nonce_key()?,
            store_url: environment.secret("AUTHZ_STORE")?,
            public_url: environment.take("AUTHZ_PUBLIC_URL", value::public_url)?,
            certificate_from: header.zip(proxies),
            mutual_tls: if is_open {
                MutualTls::Accepted
            } else {
                MutualTls::Off
            },
            tls,
        })
    }

    pub(crate) fn issuer(&self, issuer: Issuer) -> Issuer {
        issuer.dpop(self.dpop).mutual_tls(self.mutual_tls)
    }

    /// Applies the settings of the API, whose address for clients is `base_url` unless another is set.
    pub(crate) async fn authorizer(
        self,
        builder: AuthorizerBuilder,
        base_url: &str,
        store: Option<Store>,
    ) -> Result<AuthorizerBuilder, String> {
        let certificate = self.certificate_from.into_iter();
        let builder = certificate.fold(builder, |it, (header, proxies)| {
            it.client_certificate_from(header, proxies)
        });
        let url = self.public_url.unwrap_or_else(|| base_url.to_owned());
        let mut proofs = DpopProofs::for_public_url(url);
        if self.needs_nonces {
            let shared = match (self.nonce_key, &store) {
                (None, Some(store)) => store.nonce_key().await,
                (key, _) => key,
            };
            proofs = proofs.nonces(shared.map_or_else(own_key, Ok)?);
        }
        Ok(match store {
            Some(store) => builder
                .dpop_proofs(proofs.replay_store(store.valkey))
                .revocations(store.revocations),
            None => builder.dpop_proofs(proofs),
        })
    }
}

impl Environment {
    fn nonce_key(&mut self) -> Result<Option<NonceKey>, String> {
        let key = self.secret("AUTHZ_NONCE_KEY")?;
        let key = key
            .map(|it| NonceKey::from_base64url(it.trim()))
            .transpose();
        key.map_err(|error| format!("AUTHZ_NONCE_KEY is not a key: {error}"))
    }

    fn tls(&mut self) -> Result<(Option<Arc<ServerConfig>>, ClientAuth), String> {
        let read = |path: &str| fs::read(path).map_err(|error| value::unreadable(&error));
        let chain = self.take("AUTHZ_TLS_CERT", read)?;
        let key = self.take("AUTHZ_TLS_KEY", read)?;
        const AUTH: [(&str, ClientAuth); 2] =
            [("off", ClientAuth::Off), ("optional", ClientAuth::Optional)];
        let client_auth = self.take("AUTHZ_TLS_CLIENT", value::one_of(&AUTH))?;
        let client_auth = client_auth.unwrap_or(ClientAuth::Off);
        let config = match (chain, key) {
            (None, None) => return Ok((None, ClientAuth::Off)),
            (Some(chain), Some(key)) => TlsConfig::from_pem(&chain, &key),
            _ => return Err(
                "AUTHZ_TLS_CERT and AUTHZ_TLS_KEY go together: set both, or none for plain http"
                    .to_owned(),
            ),
        };
        let config = config.and_then(|it| it.client_auth(client_auth).build());
        let invalid = |error| format!("AUTHZ_TLS_CERT and AUTHZ_TLS_KEY: {error}");
        Ok((Some(config.map_err(invalid)?), client_auth))
    }
}

/// A key of this process. Servers that share their clients need a common one.
fn own_key() -> Result<NonceKey, String> {
    let mut key = [0; 32];
    let random = getrandom::fill(&mut key);
    random.map_err(|error| format!("the system has no random numbers for nonces: {error}"))?;
    Ok(NonceKey::from_bytes(key))
}
