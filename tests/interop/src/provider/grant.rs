//! Access tokens from the provider, by the client credentials grant (RFC 6749 section 4.4).

use std::process::Command;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use blackbox::{
    http::Request,
    server::{Launch, Server},
};
use url::form_urlencoded;

use crate::{calls, python::VirtualEnvironment, servers, tls::Identity};

/// What every client of `oidc-provider.mjs` authenticates with.
pub(super) const SECRET: &str = "interop-secret";

/// Which token is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant<'a> {
    client: &'a str,
    /// The resource to be called (RFC 8707): the token's audience. Empty if the client decides it.
    resource: &'a str,
    /// Separated by spaces; empty for a token without a scope.
    scope: &'a str,
}

impl<'a> Grant<'a> {
    pub(super) const fn new(client: &'a str, resource: &'a str, scope: &'a str) -> Self {
        Self {
            client,
            resource,
            scope,
        }
    }
}

/// The provider while it runs.
#[derive(Debug)]
pub(super) struct Provider {
    server: Server,
    /// Of its endpoints.
    path: &'static str,
    /// Of the endpoint that revokes tokens, behind the other.
    revocation: &'static str,
}

impl Provider {
    /// Starts one on a free port (`0`) or a given one, its issuer at this path.
    pub(super) fn start(port: u16, path: &'static str) -> anyhow::Result<Self> {
        let port = port.to_string();
        let environment = [("PORT", port.as_str()), ("ISSUER_PATH", path)];
        let server = servers::start_script("oidc-provider", "oidc-provider.mjs", &environment)?;
        Ok(Self {
            server,
            path,
            revocation: "/token/revocation",
        })
    }

    /// Starts Canaille, whose issuer is its [address](Self::base_url).
    pub(super) fn start_canaille(packages: &VirtualEnvironment) -> anyhow::Result<Self> {
        let launch = Launch::new(packages.python()).name("Canaille");
        let launch = launch
            .arg("canaille-server.py")
            .directory(servers::scripts());
        let (server, path) = (launch.start()?, "/oauth");
        Ok(Self {
            server,
            path,
            revocation: "/revoke",
        })
    }

    /// Ends it, and gives what it takes to start another in its place.
    pub(super) fn stop(self) -> anyhow::Result<(u16, &'static str)> {
        let port = self.server.address().port();
        servers::stop(self.server)?;
        Ok((port, self.path))
    }

    pub(super) fn issuer(&self) -> String {
        self.base_url() + self.path
    }

    pub(super) fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// A token, asked for in the way that the client is registered for.
    pub(super) fn token(&self, grant: Grant<'_>) -> anyhow::Result<String> {
        self.token_with(grant, &[], None)
    }

    /// A token asked for with further parameters, and with this client certificate.
    pub(super) fn token_with(
        &self,
        grant: Grant<'_>,
        parameters: &[(&str, String)],
        certificate: Option<&Identity>,
    ) -> anyhow::Result<String> {
        let in_body = grant.client == "service-es256";
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !grant.resource.is_empty() {
            form.append_pair("resource", grant.resource);
        }
        if !grant.scope.is_empty() {
            form.append_pair("scope", grant.scope);
        }
        form.extend_pairs(parameters);
        if in_body {
            form.append_pair("client_id", grant.client)
                .append_pair("client_secret", SECRET);
        }
        let mut request = Request::post(format!("{}/token", self.path)).form(form.finish());
        if !in_body {
            let credentials = STANDARD.encode(format!("{}:{SECRET}", grant.client));
            request = request.header("Authorization", format!("Basic {credentials}"));
        }
        if let Some(certificate) = certificate {
            request = request.header("X-Client-Cert", certificate.der_base64());
        }

        let answer = calls::send(&request, &self.server)?;
        let text = answer.text();
        calls::member(&text, "access_token").with_context(|| {
            let (client, status) = (grant.client, answer.status());
            format!("oidc-provider gave {client} no access token: {status} {text}")
        })
    }

    /// What comes of calls with proofs, a line of JSON for each.
    pub(super) fn calls_with_proofs(
        &self,
        grant: Grant<'_>,
        api: &str,
        public_url: &str,
    ) -> anyhow::Result<String> {
        let mut command = Command::new("node");
        command
            .current_dir(servers::scripts())
            .arg("dpop-client.mjs")
            .arg(format!("{}/token", self.issuer()))
            .args([grant.client, SECRET, grant.resource, grant.scope])
            .args([api, public_url]);
        calls::output_of("node", command)
    }

    /// Ends a token before its time (RFC 7009).
    pub(super) fn revoke(&self, client: &str, token: &str) -> anyhow::Result<()> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", token);
        let credentials = STANDARD.encode(format!("{client}:{SECRET}"));
        let request = Request::post(format!("{}{}", self.path, self.revocation))
            .form(form.finish())
            .header("Authorization", format!("Basic {credentials}"));
        let answer = calls::send(&request, &self.server)?;
        anyhow::ensure!(answer.status() == 200, "{answer:?}");
        Ok(())
    }

    /// A token bound to a key that the client proved to hold (RFC 9449).
    pub(super) fn bound_token(&self, grant: Grant<'_>) -> anyhow::Result<String> {
        let mut command = Command::new("node");
        command
            .current_dir(servers::scripts())
            .arg("dpop-token.mjs")
            .arg(format!("{}/token", self.issuer()))
            .args([grant.client, SECRET, grant.resource, grant.scope]);
        Ok(calls::output_of("node", command)?.trim().to_owned())
    }
}
