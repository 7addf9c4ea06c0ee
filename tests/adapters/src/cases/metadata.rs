use std::collections::BTreeMap;

use authz_core::{Authorizer, Issuer, MetadataError, MetadataErrorKind, Resource};
use authz_testkit::DevIssuer;
use http::{Method, Request};

use crate::App;

/// The metadata (RFC 9728), in an app that consists of their routes. `nested` mounts the same routes behind
/// the prefix `/api`.
pub async fn metadata<A: App>(
    app: impl Fn(&Authorizer) -> Result<A, MetadataError>,
    nested: impl Fn(&Authorizer) -> Result<A, MetadataError>,
) {
    const ROOT: &str = "/.well-known/oauth-protected-resource";
    let issuer = DevIssuer::start().await;
    let authorizer = |resource: Option<Resource>| {
        let trusted = Issuer::new(issuer.issuer())
            .audience(issuer.audience())
            .jwks_uri(issuer.jwks_uri());
        let builder = crate::authorizer().issuer(trusted);
        let builder = match resource {
            Some(resource) => builder.resource(resource),
            None => builder,
        };
        builder.build().expect("the settings are fine")
    };
    let without = app(&authorizer(None));
    let kind = without.err().map(|error| error.kind());
    assert_eq!(kind, Some(MetadataErrorKind::MissingResource));

    for path in ["", "/v1", "/v1/", "/:v1/*x/v2:beta", "/a%20b"] {
        let resource = Resource::new(format!("https://api.example{path}")).name("Messages");
        let at_root = authorizer(Some(resource.clone().also_at_root()));
        let authorizer = authorizer(Some(resource));
        let own = format!("{ROOT}{path}");
        let document = authorizer.resource_metadata().expect("a resource").json();
        let (app, at_root, nested) = (app(&authorizer), app(&at_root), nested(&authorizer));
        let (app, at_root, nested) = (
            app.expect("can be mounted"),
            at_root.expect("can be mounted"),
            nested.expect("can be mounted"),
        );
        let served = [
            ("access-control-allow-origin", "*"),
            ("cache-control", "public, max-age=3600"),
            ("content-type", "application/json"),
        ];
        let preflight = [
            ("access-control-allow-headers", "*"),
            ("access-control-allow-methods", "GET, HEAD"),
            ("access-control-allow-origin", "*"),
            ("allow", "GET, HEAD"),
        ];
        let root = if path.is_empty() { 200 } else { 404 };
        for (app, method, path, status) in [
            (&app, Method::GET, own.clone(), 200),
            (&app, Method::GET, format!("{own}?x=y"), 200),
            (&app, Method::HEAD, own.clone(), 200),
            (&app, Method::OPTIONS, own.clone(), 204),
            (&app, Method::POST, own.clone(), 405),
            (&app, Method::DELETE, own.clone(), 405),
            (&app, Method::GET, ROOT.to_owned(), root),
            (&app, Method::GET, format!("{own}/x"), 404),
            (&app, Method::GET, format!("{ROOT}/v9/x/v2:beta"), 404),
            (&at_root, Method::GET, own.clone(), 200),
            (&at_root, Method::GET, ROOT.to_owned(), 200),
            (&at_root, Method::OPTIONS, ROOT.to_owned(), 204),
            // Where no client looks, the document would name a resource that isn't the one asked for.
            (&nested, Method::GET, format!("/api{own}"), 404),
            (&nested, Method::GET, own.clone(), 404),
        ] {
            let name = format!("{method} {path}");
            let request = Request::builder()
                .method(&method)
                .uri(path)
                .header("origin", "https://app.example")
                .header("access-control-request-method", "GET")
                .body(String::new());
            let response = app.call(request.expect("is a request")).await;
            assert_eq!(response.status(), status, "{name}");
            let expected = match status {
                200 => &served[..],
                204 => &preflight[..],
                _ => continue,
            };
            let fields: BTreeMap<_, _> = (response.headers().iter())
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
                .filter(|(name, _)| *name != "content-length")
                .collect();
            assert_eq!(fields, expected.iter().copied().collect(), "{name}");
            if method != Method::HEAD {
                let expected = if status == 200 { document } else { "" };
                assert_eq!(response.body(), expected, "{name}");
            }
        }
    }
}
