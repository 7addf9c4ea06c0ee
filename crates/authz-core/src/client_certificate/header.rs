use http::{HeaderMap, HeaderName, HeaderValue, header::InvalidHeaderName};

use super::{
    certificate::ClientCertificate,
    decode::{self, MalformedCertificate},
    xfcc,
};

/// The header field in which a trusted proxy sends the client's certificate.
///
/// Exactly one field is read, of at most 16 KiB. The proxy must remove it from the requests of its
/// clients, or replace it. See [the module](crate::client_certificate).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificateHeader(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Rfc9440,
    EnvoyXfcc,
    Nginx(HeaderName),
    Haproxy(HeaderName),
    Traefik,
    Caddy(HeaderName),
    AwsAlb,
}

impl ClientCertificateHeader {
    /// `Client-Cert`, as RFC 9440 section 2.1 defines it: `:base64 of the DER:`.
    #[must_use]
    pub const fn rfc9440() -> Self {
        Self(Form::Rfc9440)
    }

    /// Envoy's `x-forwarded-client-cert`. Reads the last element, which the nearest proxy has added: its
    /// `Hash`, or its `Cert` if there is no `Hash`.
    ///
    /// Set `forward_client_cert_details: SANITIZE_SET`, so that Envoy removes the elements of its clients.
    /// Leave the details `uri` and `dns` off, unless Envoy accepts only certificates of an authority that
    /// checks these names: Envoy does not quote them, and a name with `,Hash=` looks like another element.
    #[must_use]
    pub const fn envoy_xfcc() -> Self {
        Self(Form::EnvoyXfcc)
    }

    /// The field `name` with nginx's `$ssl_client_escaped_cert`, a percent-encoded PEM block:
    ///
    /// ```nginx
    /// ssl_verify_client optional_no_ca;
    /// proxy_set_header X-Client-Cert $ssl_client_escaped_cert;
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if `name` is not a valid header name.
    pub fn nginx(name: &str) -> Result<Self, InvalidHeaderName> {
        Ok(Self(Form::Nginx(HeaderName::try_from(name)?)))
    }

    /// The field `name` with HAProxy's `ssl_c_der` in base64:
    ///
    /// ```haproxy
    /// bind :443 ssl crt site.pem verify optional ca-file clients.pem
    /// http-request set-header X-Client-Cert %[ssl_c_der,base64]
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if `name` is not a valid header name.
    pub fn haproxy(name: &str) -> Result<Self, InvalidHeaderName> {
        Ok(Self(Form::Haproxy(HeaderName::try_from(name)?)))
    }

    /// Traefik's `X-Forwarded-Tls-Client-Cert`, of the middleware `passTLSClientCert` with `pem: true`: the
    /// certificates of the chain without their PEM delimiters, separated by commas, the client's first.
    #[must_use]
    pub const fn traefik() -> Self {
        Self(Form::Traefik)
    }

    /// The field `name` with Caddy's `certificate_der_base64`:
    ///
    /// ```text
    /// reverse_proxy localhost:3010 {
    ///     header_up X-Client-Cert {http.request.tls.client.certificate_der_base64}
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if `name` is not a valid header name.
    pub fn caddy(name: &str) -> Result<Self, InvalidHeaderName> {
        Ok(Self(Form::Caddy(HeaderName::try_from(name)?)))
    }

    /// The field of an AWS Application Load Balancer: `X-Amzn-Mtls-Clientcert-Leaf` in the mode "verify with
    /// trust store", `X-Amzn-Mtls-Clientcert` with the whole chain in the mode "passthrough". A request with
    /// both is malformed.
    ///
    /// Prefer "verify with trust store", where each request has the load balancer's own field. AWS does not
    /// document whether a load balancer removes the field of the other mode from a client's request.
    #[must_use]
    pub const fn aws_alb() -> Self {
        Self(Form::AwsAlb)
    }

    /// Returns the certificate, or `None` if the proxy says that the client does not have one.
    pub(super) fn read(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<ClientCertificate>, MalformedCertificate> {
        match &self.0 {
            Form::Rfc9440 => single(headers, &CLIENT_CERT)?.map(rfc9440).transpose(),
            Form::EnvoyXfcc => non_empty(headers, &XFCC, xfcc::last_element),
            Form::Nginx(name) => non_empty(headers, name, |it| decode::pem(&decode::percent(it)?)),
            // The format `%{+Q}` adds quotes.
            Form::Haproxy(name) => match single(headers, name)?.map(unquoted) {
                None | Some("") => Ok(None),
                Some(value) => decode::base64(value).map(Some),
            },
            Form::Traefik => non_empty(headers, &TRAEFIK, |it| {
                let chain = decode::percent(it)?;
                let leaf = chain.split_once(',').map_or(&*chain, |(leaf, _)| leaf);
                decode::base64(leaf)
            }),
            Form::Caddy(name) => non_empty(headers, name, |it| match it {
                CADDY_PLACEHOLDER => Ok(None),
                _ => decode::base64(it).map(Some),
            })
            .map(Option::flatten),
            Form::AwsAlb => {
                let leaf = non_empty(headers, &ALB_LEAF, |it| decode::pem(&decode::percent(it)?))?;
                let chain = non_empty(headers, &ALB_CHAIN, |it| {
                    decode::pem_chain(&decode::percent(it)?)
                })?;
                if leaf.is_some() && chain.is_some() {
                    return Err(MalformedCertificate("the fields of both modes are present"));
                }
                Ok(leaf.or(chain))
            }
        }
    }
}

/// Returns the value of the field, or an error if there are several.
fn single<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'h str>, MalformedCertificate> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(MalformedCertificate("there is more than one field"));
    }
    if value.len() > MAX_BYTES {
        return Err(MalformedCertificate("the field has more than 16 KiB"));
    }
    let text =
        HeaderValue::to_str(value).map_err(|_| MalformedCertificate("the field is not ASCII"))?;
    Ok(Some(text.trim_ascii()))
}

/// Reads the field, which an empty value makes absent.
fn non_empty<T>(
    headers: &HeaderMap,
    name: &HeaderName,
    read: impl FnOnce(&str) -> Result<T, MalformedCertificate>,
) -> Result<Option<T>, MalformedCertificate> {
    match single(headers, name)? {
        None | Some("") => Ok(None),
        Some(value) => read(value).map(Some),
    }
}

/// Reads one byte sequence (RFC 8941 section 3.3.5): no list, no parameters.
fn rfc9440(value: &str) -> Result<ClientCertificate, MalformedCertificate> {
    let text = value.strip_prefix(':').and_then(|it| it.strip_suffix(':'));
    decode::base64(text.ok_or(MalformedCertificate("the field is not one byte sequence"))?)
}

fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    inner.unwrap_or(value)
}

const MAX_BYTES: usize = 16 * 1024;
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const XFCC: HeaderName = HeaderName::from_static("x-forwarded-client-cert");
const TRAEFIK: HeaderName = HeaderName::from_static("x-forwarded-tls-client-cert");
/// Caddy before 2.7 sends the placeholder itself if the client does not have a certificate.
const CADDY_PLACEHOLDER: &str = "{http.request.tls.client.certificate_der_base64}";
const ALB_LEAF: HeaderName = HeaderName::from_static("x-amzn-mtls-clientcert-leaf");
const ALB_CHAIN: HeaderName = HeaderName::from_static("x-amzn-mtls-clientcert");
