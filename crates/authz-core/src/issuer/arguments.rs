//! Checks the arguments of profiles. A wrong one would lead to a wrong address and an error far
//! from its cause.

use url::Url;

/// A call of a profile with wrong arguments.
#[derive(Clone, Debug)]
pub(super) struct Mistake {
    /// The call as written.
    pub(super) call: String,
    pub(super) problem: &'static str,
    /// A corrected call.
    pub(super) instead: String,
}

pub(super) fn auth0(domain: &str) -> Option<Mistake> {
    domain_alone("auth0", &[domain], "tenant.eu.auth0.com")
}

pub(super) fn keycloak(server: &str, realm: &str) -> Option<Mistake> {
    let wrong = mistake("keycloak", &[server, realm]);
    let is_url = |text: &str| text.starts_with("https://") || text.starts_with("http://");
    let is_name = |text: &str| !text.is_empty() && !text.contains('/');
    let name = if is_name(realm) { realm } else { "main" };
    if !is_url(server) {
        return Some(if is_url(realm) && is_name(server) {
            wrong("pass the server first", &[realm, server])
        } else {
            let example = "https://sso.example";
            wrong(
                "the server's address must begin with https://",
                &[example, name],
            )
        });
    }
    if let Some((before, within)) = server.split_once("/realms") {
        let within = within.trim_matches('/');
        let name = if is_name(within) && !is_name(realm) {
            within
        } else {
            name
        };
        return Some(wrong(
            "the server's address must not contain the realm",
            &[before, name],
        ));
    }
    let fine = Url::parse(server)
        .is_ok_and(|url| url.has_host() && url.query().is_none() && url.fragment().is_none());
    if !fine {
        return Some(wrong(
            "the server's address must be a URL without query and fragment",
            &["https://sso.example", name],
        ));
    }
    (!is_name(realm)).then(|| wrong("pass only the name of the realm", &[server, name]))
}

/// Checks the tenant. `profile` is `entra` or `entra_v1`.
pub(super) fn entra(profile: &str, tenant: &str) -> Option<Mistake> {
    let groups = tenant.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let hex = tenant
        .bytes()
        .all(|it| it == b'-' || it.is_ascii_hexdigit());
    // `Tenants::matching` uses a placeholder.
    let is_placeholder = tenant.starts_with('{') && tenant.ends_with('}');
    if groups && hex || is_placeholder {
        return None;
    }
    let wrong = mistake(profile, &[tenant]);
    if ["common", "organizations", "consumers"].contains(&tenant) {
        return Some(Mistake {
            instead: r#"Tenants::matching(Issuer::entra("{tenant}"))"#.to_owned(),
            ..wrong("tokens name their own tenant, never this alias", &[])
        });
    }
    Some(wrong(
        "use the tenant's identifier, as tokens do (Entra admin center, Overview, Tenant ID)",
        &["6babcaad-604b-40ac-a9d7-9fd97c0b779f"],
    ))
}

pub(super) fn okta(domain: &str, server: &str) -> Option<Mistake> {
    let wrong = mistake("okta", &[domain, server]);
    let is_id = |text: &str| {
        let mut bytes = text.bytes();
        !text.is_empty() && bytes.all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
    };
    let id = if is_id(server) { server } else { "default" };
    if is_domain(server) && !is_domain(domain) {
        let id = if is_id(domain) { domain } else { "default" };
        return Some(wrong("pass the domain first", &[server, id]));
    }
    if let Some((org, rest)) = domain.split_once("-admin.okta") {
        let domain = format!("{org}.okta{rest}");
        return Some(wrong(
            "this is the domain of the admin console, not of the issuer",
            &[&domain, id],
        ));
    }
    domain_alone("okta", &[domain, id], "dev-123.okta.com")
        .map(|it| Mistake {
            call: call("okta", &[domain, server]),
            ..it
        })
        .or_else(|| {
            (!is_id(server)).then(|| wrong("pass only the identifier of the server", &[domain, id]))
        })
}

pub(super) fn cognito(region: &str, pool: &str) -> Option<Mistake> {
    let wrong = mistake("cognito", &[region, pool]);
    let is_region = |text: &str| {
        let mut bytes = text.bytes();
        text.contains('-') && bytes.all(|it| it.is_ascii_alphanumeric() || it == b'-')
    };
    // A pool's identifier begins with its region.
    let region_of = |pool: &str| {
        let (region, id) = pool.split_once('_')?;
        let id = !id.is_empty() && id.bytes().all(|it| it.is_ascii_alphanumeric());
        (is_region(region) && id).then(|| region.to_owned())
    };
    match (region_of(region), region_of(pool)) {
        (_, Some(of)) if of == region => None,
        (Some(of), _) if of == pool => Some(wrong("pass the region first", &[pool, region])),
        (_, Some(of)) => Some(wrong("the pool belongs to another region", &[&of, pool])),
        (_, None) => {
            let region = if is_region(region) {
                region
            } else {
                "eu-west-1"
            };
            let pool = format!("{region}_aBcDeFgHi");
            Some(wrong(
                "pass the pool's identifier, which begins with its region",
                &[region, &pool],
            ))
        }
    }
    .map(|mistake| Mistake {
        // The clients are not checked here.
        call: mistake.call.replace(')', ", ..)"),
        instead: mistake.instead.replace(')', ", ..)"),
        ..mistake
    })
}

pub(super) fn zitadel(domain: &str, project: &str) -> Option<Mistake> {
    if is_domain(project) && !is_domain(domain) {
        let wrong = mistake("zitadel", &[domain, project]);
        return Some(wrong("pass the domain first", &[project, domain]));
    }
    domain_alone("zitadel", &[domain, project], "acme.zitadel.cloud")
}

/// Checks that the first argument is only a domain.
fn domain_alone(profile: &'static str, arguments: &[&str], example: &str) -> Option<Mistake> {
    let (domain, others) = arguments.split_first()?;
    if is_domain(domain) {
        return None;
    }
    let without_scheme = domain.split_once("://").map_or(*domain, |(_, rest)| rest);
    let bare = without_scheme.split('/').next().unwrap_or_default();
    let bare = if is_domain(bare) { bare } else { example };
    let right: Vec<_> = [bare].into_iter().chain(others.iter().copied()).collect();
    Some(mistake(profile, arguments)(
        "pass only the domain, without https:// and slash",
        &right,
    ))
}

/// Returns `true` if `text` is a host name, with or without a port.
fn is_domain(text: &str) -> bool {
    let url = format!("https://{text}/");
    let whole = |it: Url| {
        it.path() == "/" && it.username().is_empty() && it.as_str().eq_ignore_ascii_case(&url)
    };
    Url::parse(&url).is_ok_and(whole)
        && (text.contains('.') || text == "localhost" || text.starts_with("localhost:"))
}

/// Returns a function that describes a mistake, given the problem and the correct arguments.
fn mistake(profile: &str, arguments: &[&str]) -> impl Fn(&'static str, &[&str]) -> Mistake + use<> {
    let (profile, call) = (profile.to_owned(), call(profile, arguments));
    move |problem, right| Mistake {
        call: call.clone(),
        problem,
        instead: self::call(&profile, right),
    }
}

fn call(profile: &str, arguments: &[&str]) -> String {
    let arguments: Vec<_> = arguments.iter().map(|it| format!("{it:?}")).collect();
    format!("Issuer::{profile}({})", arguments.join(", "))
}
